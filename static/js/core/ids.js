/**
 * Identifiers made on the phone: UUIDv7, lower case (RFC 9562). The time in them is a hint for index locality, never an
 * order; 74 random bits make them unique whatever the phone's clock says.
 */

/** @param {number} [now] ms since 1970 @returns {string} */
export function newId(now = Date.now()) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let time = Math.max(0, Math.floor(now));
  for (let i = 5; i >= 0; i--) {
    bytes[i] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const text = hex(bytes);
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}

/** @param {ArrayBuffer | Uint8Array} bytes @returns {string} */
export function hex(bytes) {
  let text = "";
  for (const byte of bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** SHA-256 in hexadecimal; a text is hashed as its UTF-8 bytes. @param {string | ArrayBuffer | Uint8Array} content */
export async function sha256(content) {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return hex(await crypto.subtle.digest("SHA-256", /** @type {BufferSource} */ (bytes)));
}
