/**
 * The picture that a question begins with (`default`), from the files that came with the instrument. It is shown and drawn on as it
 * is, and becomes the answer's own file when the form is finished: a row that nobody touched stays untouched.
 */

import { canvasBlob, shrinkPhoto } from "./photo.js";

const BEGINS = /^jr:.*\//;
const MAX_PIXELS = 1600;

/** @param {import("./session.js").Session} session @param {string} value @returns {Promise<Blob | null>} null where it is not on the phone */
export async function begunWith(session, value) {
  const file = BEGINS.test(value) && (await session.formFile(value.replace(BEGINS, "")).catch(() => undefined));
  if (!file) return null;
  const blob = new Blob([Uint8Array.from(atob(file.data), (one) => one.charCodeAt(0))], { type: file.type });
  return file.type === "image/svg+xml" ? drawn(blob) : blob;
}

/** A drawing as a picture, to be drawn on. @param {Blob} blob @returns {Promise<Blob>} */
async function drawn(blob) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await image.decode();
  URL.revokeObjectURL(image.src);
  const canvas = document.createElement("canvas");
  const { naturalWidth: width, naturalHeight: height } = image;
  const scale = MAX_PIXELS / Math.max(width, height, 1);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvasBlob(canvas, "image/png");
}

/** Makes them files of the form, or blanks where there is none on the phone. @param {import("./session.js").Session} session */
export async function adopt(session) {
  for (const { path, name } of session.form.media()) {
    if (!BEGINS.test(name)) continue;
    const blob = await begunWith(session, name).catch(() => null);
    const most = Number(session.view(path).node.parameters?.["max-pixels"]) || MAX_PIXELS;
    const photo = blob && (await shrinkPhoto(blob, most).catch(() => null));
    if (photo) await session.attach(path, { bytes: photo.bytes, thumbnail: photo.thumbnail, type: "image/jpeg", extension: "jpg" });
    else session.set(path, "");
  }
}
