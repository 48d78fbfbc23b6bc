/**
 * Makes a photo small enough to send: at most `maxPixels` on its long side, JPEG, upright. Drawing it anew leaves out what the
 * camera wrote beside it, the place above all.
 */

const QUALITY = 0.8;
const THUMBNAIL = 240;

/**
 * @param {Blob} file  its bytes are copied first: the file of a camera may go away
 * @param {number} maxPixels
 * @returns {Promise<{bytes: ArrayBuffer, thumbnail: ArrayBuffer, width: number, height: number}>}
 */
export async function shrinkPhoto(file, maxPixels) {
  const bytes = await file.arrayBuffer();
  const picture = await createImageBitmap(new Blob([bytes], { type: file.type }), { imageOrientation: "from-image" });
  try {
    const photo = await jpeg(picture, maxPixels, QUALITY);
    const thumbnail = await jpeg(picture, THUMBNAIL, 0.7);
    return { bytes: photo.bytes, thumbnail: thumbnail.bytes, width: photo.width, height: photo.height };
  } finally {
    picture.close();
  }
}

/** @param {ImageBitmap} picture @param {number} most @param {number} quality */
async function jpeg(picture, most, quality) {
  const scale = Math.min(1, most / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await canvasBlob(canvas, "image/jpeg", quality);
  return { bytes: await blob.arrayBuffer(), width: canvas.width, height: canvas.height };
}

/** @param {HTMLCanvasElement} canvas @param {string} type @param {number} [quality] @returns {Promise<Blob>} */
export function canvasBlob(canvas, type, quality) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture could not be written"))), type, quality);
  });
}
