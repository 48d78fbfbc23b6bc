/** Hashes and base64 on UTF-8 text, without the browser's own: QuickJS has neither crypto nor TextEncoder. */

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** @param {string} text @returns {number[]} */
function utf8(text) {
  return [...text].flatMap((char) => {
    const code = /** @type {number} */ (char.codePointAt(0));
    if (code < 0x80) return [code];
    const tail = (/** @type {number} */ shift) => 0x80 | ((code >> shift) & 0x3f);
    if (code < 0x800) return [0xc0 | (code >> 6), tail(0)];
    if (code < 0x10000) return [0xe0 | (code >> 12), tail(6), tail(0)];
    return [0xf0 | (code >> 18), tail(12), tail(6), tail(0)];
  });
}

/** @param {number[]} bytes */
function fromUtf8(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 1) {
    const first = bytes[i];
    const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    let code = more ? first & (0x3f >> more) : first;
    for (let k = 0; k < more; k += 1) code = (code << 6) | ((bytes[(i += 1)] ?? 0) & 0x3f);
    text += code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code);
  }
  return text;
}

/** @param {string} text */
export function base64Decode(text) {
  const bytes = [];
  let bits = 0;
  let held = 0;
  for (const char of text.replace(/[\s=]/g, "")) {
    const value = BASE64.indexOf(char);
    if (value < 0) return "";
    held = (held << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
      held &= (1 << bits) - 1;
    }
  }
  return fromUtf8(bytes);
}

/** @param {number[]} bytes */
function base64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += BASE64[group >> 18] + BASE64[(group >> 12) & 63];
    text += i + 1 < bytes.length ? BASE64[(group >> 6) & 63] : "=";
    text += i + 2 < bytes.length ? BASE64[group & 63] : "=";
  }
  return text;
}

/** Message, a one bit, zeros, length: whole blocks. @param {number[]} bytes @param {number} block @param {boolean} littleEndian */
function padded(bytes, block, littleEndian) {
  const lengthBytes = block / 8;
  const result = [...bytes, 0x80];
  while (result.length % block !== block - lengthBytes) result.push(0);
  let bits = BigInt(bytes.length) * 8n;
  const size = [];
  for (let i = 0; i < lengthBytes; i += 1) {
    size.push(Number(bits & 255n));
    bits >>= 8n;
  }
  result.push(...(littleEndian ? size : size.reverse()));
  return result;
}

/** @param {number} x @param {number} n */
const rotateLeft = (x, n) => (x << n) | (x >>> (32 - n));

/** @param {number[]} message @returns {number[]} */
function md5(message) {
  const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
  const bytes = padded(message, 64, true);
  let [a0, b0, c0, d0] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let at = 0; at < bytes.length; at += 64) {
    const words = Array.from({ length: 16 }, (_, i) => {
      const k = at + i * 4;
      return bytes[k] | (bytes[k + 1] << 8) | (bytes[k + 2] << 16) | (bytes[k + 3] << 24);
    });
    let [a, b, c, d] = [a0, b0, c0, d0];
    for (let i = 0; i < 64; i += 1) {
      const round = i >> 4;
      const mix = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round];
      const word = [i, 5 * i + 1, 3 * i + 5, 7 * i][round] % 16;
      const constant = Math.floor(Math.abs(Math.sin(i + 1)) * 4294967296);
      const turned = rotateLeft((a + mix + constant + words[word]) | 0, shifts[round * 4 + (i % 4)]);
      [a, d, c, b] = [d, c, b, (b + turned) | 0];
    }
    a0 = (a0 + a) | 0;
    b0 = (b0 + b) | 0;
    c0 = (c0 + c) | 0;
    d0 = (d0 + d) | 0;
  }
  return [a0, b0, c0, d0].flatMap((word) => [word & 255, (word >> 8) & 255, (word >> 16) & 255, (word >>> 24) & 255]);
}

/** @param {number[]} message @returns {number[]} */
function sha1(message) {
  const bytes = padded(message, 64, false);
  const hash = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  for (let at = 0; at < bytes.length; at += 64) {
    const words = Array.from({ length: 16 }, (_, i) => {
      const k = at + i * 4;
      return (bytes[k] << 24) | (bytes[k + 1] << 16) | (bytes[k + 2] << 8) | bytes[k + 3];
    });
    for (let i = 16; i < 80; i += 1) words.push(rotateLeft(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1));
    let [a, b, c, d, e] = hash;
    for (let i = 0; i < 80; i += 1) {
      const round = Math.floor(i / 20);
      const mix = [(b & c) | (~b & d), b ^ c ^ d, (b & c) | (b & d) | (c & d), b ^ c ^ d][round];
      const constant = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6][round];
      [a, b, c, d, e] = [(rotateLeft(a, 5) + mix + e + constant + words[i]) | 0, a, rotateLeft(b, 30), c, d];
    }
    [a, b, c, d, e].forEach((word, i) => (hash[i] = (hash[i] + word) | 0));
  }
  return hash.flatMap((word) => [(word >>> 24) & 255, (word >> 16) & 255, (word >> 8) & 255, word & 255]);
}

/** The largest x with x^power <= value. @param {bigint} value @param {bigint} power */
function integerRoot(value, power) {
  let low = 0n;
  let high = 1n << (BigInt(value.toString(2).length) / power + 1n);
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** power <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}

/** @param {number} count */
function primes(count) {
  /** @type {number[]} */
  const found = [];
  for (let n = 2; found.length < count; n += 1) if (found.every((p) => n % p)) found.push(n);
  return found;
}

const MASK_64 = (1n << 64n) - 1n;
/** @type {{cubes: bigint[], squares: bigint[]} | null} */
let constants = null;

/** SHA-2's constants are the first bits of roots of primes, so they need no table. */
function sha2Constants() {
  constants ??= {
    cubes: primes(80).map((p) => integerRoot(BigInt(p) << 192n, 3n) & MASK_64),
    squares: primes(16).map((p) => integerRoot(BigInt(p) << 128n, 2n) & MASK_64),
  };
  return constants;
}

const SHA2 = {
  32: { rounds: 64, big: [[2n, 13n, 22n], [6n, 11n, 25n]], small: [[7n, 18n, 3n], [17n, 19n, 10n]] },
  64: { rounds: 80, big: [[28n, 34n, 39n], [14n, 18n, 41n]], small: [[1n, 8n, 7n], [19n, 61n, 6n]] },
};

/**
 * SHA-256 with words of 32 bits; SHA-384 and SHA-512 with words of 64.
 * @param {number[]} message @param {32 | 64} bits @param {bigint[]} start @returns {bigint[]} eight words
 */
function sha2(message, bits, start) {
  const width = BigInt(bits);
  const mask = (1n << width) - 1n;
  const { rounds, big, small } = SHA2[bits];
  const cubes = sha2Constants().cubes.map((value) => value >> (64n - width));
  /** @param {bigint} x @param {bigint} n */
  const turn = (x, n) => ((x >> n) | (x << (width - n))) & mask;
  /** @param {bigint} x @param {bigint[]} by */
  const mixBig = (x, [a, b, c]) => turn(x, a) ^ turn(x, b) ^ turn(x, c);
  /** @param {bigint} x @param {bigint[]} by */
  const mixSmall = (x, [a, b, c]) => turn(x, a) ^ turn(x, b) ^ (x >> c);
  const bytes = padded(message, bits * 2, false);
  let hash = start;
  for (let at = 0; at < bytes.length; at += bits * 2) {
    const words = Array.from({ length: 16 }, (_, i) => {
      const from = at + (i * bits) / 8;
      return bytes.slice(from, from + bits / 8).reduce((word, byte) => (word << 8n) | BigInt(byte), 0n);
    });
    for (let i = 16; i < rounds; i += 1) {
      words.push((mixSmall(words[i - 15], small[0]) + mixSmall(words[i - 2], small[1]) + words[i - 16] + words[i - 7]) & mask);
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let i = 0; i < rounds; i += 1) {
      const one = h + mixBig(e, big[1]) + ((e & f) ^ (~e & mask & g)) + cubes[i] + words[i];
      const two = mixBig(a, big[0]) + ((a & b) ^ (a & c) ^ (b & c));
      [a, b, c, d, e, f, g, h] = [(one + two) & mask, a, b, c, (d + one) & mask, e, f, g];
    }
    hash = [a, b, c, d, e, f, g, h].map((word, i) => (word + hash[i]) & mask);
  }
  return hash;
}

/** @param {bigint[]} words @param {number} bits @returns {number[]} */
function bytesOf(words, bits) {
  return words.flatMap((word) => Array.from({ length: bits / 8 }, (_, i) => Number((word >> BigInt(bits - 8 - i * 8)) & 255n)));
}

/** @param {number[]} bytes */
const sha256 = (bytes) => sha2(bytes, 32, sha2Constants().squares.slice(0, 8).map((value) => value >> 32n));

/** @param {string} text @returns {number[]} the eight words of its SHA-256 */
export const sha256Words = (text) => sha256(utf8(text)).map(Number);

/** @type {Record<string, (bytes: number[]) => number[]>} */
const ALGORITHMS = {
  MD5: md5,
  "SHA-1": sha1,
  "SHA-256": (bytes) => bytesOf(sha256(bytes), 32),
  "SHA-384": (bytes) => bytesOf(sha2(bytes, 64, sha2Constants().squares.slice(8, 16)).slice(0, 6), 64),
  "SHA-512": (bytes) => bytesOf(sha2(bytes, 64, sha2Constants().squares.slice(0, 8)), 64),
};

/** @param {string} text @param {string} algorithm @param {string} encoding "base64" or "hex" */
export function digest(text, algorithm, encoding) {
  const run = ALGORITHMS[algorithm.toUpperCase()];
  if (!run) throw new Error(`unknown algorithm ${algorithm}`);
  const bytes = run(utf8(text));
  return encoding === "hex" ? bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("") : base64(bytes);
}
