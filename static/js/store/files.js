import { newId, sha256 } from "../core/ids.js";
import { Problem } from "../core/problem.js";
import { SEALED } from "./vault.js";

/**
 * Photos, signatures and other files, by the SHA-256 of their bytes, in pieces of 48 KiB: the browser puts larger values into files
 * of their own, which tools that "free up space" delete. Written once with the thumbnail, read back, compared.
 *
 * Chunk -1 is the thumbnail, with what is known of the file. Sealed pieces are of the same length: hash and size are of what is
 * kept and sent, `sealed` says what is inside.
 *
 * @typedef {{file: string, sha256: string, size: number}} Inside
 */

const CHUNK = 48 * 1024;
const INSIDE = CHUNK - 45;
const ORPHAN_AGE_MS = 7 * 86400_000;

/** @param {import("./keep.js").Keep} keep @param {import("./vault.js").Vault} vault */
export function createFiles(keep, vault) {
  /** @param {string} hash @returns {Promise<ArrayBuffer | null>} */
  async function bytesOf(hash) {
    try {
      const chunks = await keep.read("chunks", (tx) => tx.all("chunks", IDBKeyRange.bound([hash, 0], [hash, Infinity])));
      const about = await keep.read("chunks", (tx) => tx.get("chunks", [hash, -1]));
      if (!about) return null;
      const whole = new Uint8Array(about.size);
      let at = 0;
      for (const [i, chunk] of chunks.entries()) {
        if (chunk.n !== i || at + chunk.bytes.byteLength > whole.length) return null;
        whole.set(new Uint8Array(chunk.bytes), at);
        at += chunk.bytes.byteLength;
      }
      return at === whole.length ? whole.buffer : null;
    } catch (error) {
      // "Data lost due to missing file": the row is there, its bytes were deleted from outside.
      if (error instanceof DOMException) return null;
      throw error;
    }
  }

  /** @param {string} hash */
  async function isWhole(hash) {
    const bytes = await bytesOf(hash);
    return bytes !== null && (await sha256(bytes)) === hash;
  }

  /** @param {Uint8Array} plain @param {ArrayBuffer | null} look */
  async function sealedFile(plain, look) {
    if (vault.state === "none") return { bytes: plain, small: look };
    const file = newId();
    const count = Math.ceil(plain.length / INSIDE);
    const pieces = await Promise.all(
      Array.from({ length: count }, (_, n) => vault.seal(/** @type {BufferSource} */ (plain.subarray(n * INSIDE, (n + 1) * INSIDE)), "chunk", file, n, count)),
    );
    const bytes = new Uint8Array(await new Blob(/** @type {BlobPart[]} */ (pieces)).arrayBuffer());
    return { bytes, small: look?.byteLength ? (await vault.seal(look, "thumb", file)).buffer : look, file };
  }

  return {
    isWhole,

    /**
     * Keeps a file; resolves when it is on disk and was read back the same. Problem "phone.full" when there is no room: the
     * reserve is for words.
     *
     * @param {ArrayBuffer | Uint8Array | Blob} content
     * @param {{type: string, thumbnail?: ArrayBuffer | Blob | null}} about
     * @returns {Promise<{sha256: string, size: number, type: string, sealed?: Inside}>}
     */
    async put(content, { type, thumbnail = null }) {
      const plain = content instanceof Blob ? new Uint8Array(await content.arrayBuffer()) : new Uint8Array(content);
      const look = thumbnail instanceof Blob ? await thumbnail.arrayBuffer() : thumbnail;
      // All of it before the transaction begins, which would end by itself meanwhile.
      const { bytes, small, file } = await sealedFile(plain, look);
      const hash = await sha256(bytes);
      const encryption = file ? SEALED : "none";
      for (let attempt = 0; !(await isWhole(hash)); attempt++) {
        if (attempt === 2) throw new Problem("phone.not_kept");
        await keep.write(
          "chunks",
          async (tx) => {
            tx.remove("chunks", IDBKeyRange.bound([hash, -1], [hash, Infinity]));
            for (let n = 0; n * CHUNK < bytes.length; n++)
              tx.put("chunks", { sha256: hash, n, bytes: bytes.slice(n * CHUNK, (n + 1) * CHUNK).buffer, encryption });
            tx.put("chunks", { sha256: hash, n: -1, bytes: small ?? new ArrayBuffer(0), encryption, file, type, size: bytes.length, kept_at: Date.now() });
          },
          { reserve: false },
        );
      }
      return { sha256: hash, size: bytes.length, type, ...(file ? { sealed: { file, sha256: await sha256(plain), size: plain.length } } : {}) };
    },

    /** The bytes as they are kept and sent, or Problem "phone.file_lost" when they are not whole. @param {string} hash @returns {Promise<Blob>} */
    async stored(hash) {
      const bytes = await bytesOf(hash);
      if (!bytes || (await sha256(bytes)) !== hash) throw new Problem("phone.file_lost");
      return new Blob([bytes]);
    },

    /** The file, or Problem "phone.file_lost" when it is not whole. @param {string} hash @returns {Promise<Blob>} */
    async read(hash) {
      const bytes = await bytesOf(hash);
      if (!bytes || (await sha256(bytes)) !== hash) throw new Problem("phone.file_lost");
      const about = await keep.read("chunks", (tx) => tx.get("chunks", [hash, -1]));
      const parts = [];
      const count = Math.ceil(bytes.byteLength / CHUNK);
      for (let n = 0; about.file && n < count; n++) parts.push(vault.open(bytes.slice(n * CHUNK, (n + 1) * CHUNK), "chunk", about.file, n, count));
      return new Blob(/** @type {BlobPart[]} */ (about.file ? await Promise.all(parts) : [bytes]), { type: about.type });
    },

    /** @param {string} hash @returns {Promise<Blob | null>} */
    async thumbnail(hash) {
      try {
        const about = await keep.read("chunks", (tx) => tx.get("chunks", [hash, -1]));
        if (!about?.bytes.byteLength) return null;
        return new Blob([about.file ? /** @type {BlobPart} */ (await vault.open(about.bytes, "thumb", about.file)) : about.bytes], { type: "image/jpeg" });
      } catch {
        return null;
      }
    },

    /** Removes a file unless a draft or an item still names it. @param {string[]} hashes */
    async release(hashes) {
      if (!hashes.length) return;
      await keep.write(["chunks", "drafts", "items"], async (tx) => {
        const used = new Set(namedFiles(await tx.all("drafts"), await tx.all("items")));
        for (const hash of hashes) if (!used.has(hash)) tx.remove("chunks", IDBKeyRange.bound([hash, -1], [hash, Infinity]));
      });
    },

    /** Removes files that nothing names any more, a week after they were taken: an undone removal may still want them until then. */
    async sweep(now = Date.now()) {
      await keep.write(["chunks", "drafts", "items"], async (tx) => {
        const used = new Set(namedFiles(await tx.all("drafts"), await tx.all("items")));
        const hashes = new Set((await tx.keys("chunks")).map((key) => key[0]));
        for (const hash of hashes) {
          if (used.has(hash)) continue;
          const about = await tx.get("chunks", [hash, -1]);
          if (!about || Math.abs(now - about.kept_at) > ORPHAN_AGE_MS) tx.remove("chunks", IDBKeyRange.bound([hash, -1], [hash, Infinity]));
        }
      });
    },
  };
}

/** @param {any[]} drafts @param {any[]} items @returns {string[]} */
function namedFiles(drafts, items) {
  return [...drafts.flatMap((draft) => draft.files ?? []), ...items.flatMap((item) => item.attachments)].map((file) => file.sha256);
}

/** @typedef {ReturnType<typeof createFiles>} Files */
