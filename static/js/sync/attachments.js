import { sha256 } from "../core/ids.js";
import { isToSend, isToTell } from "../store/outbox.js";
import { deviceOf } from "./device.js";
import { failureOf } from "./push.js";

/**
 * Sending photos and other files of received submissions, smallest first, in pieces that suit the network. The server says how far
 * it is, so a cut costs at most one piece.
 *
 * @typedef {import("../store/outbox.js").Item} Item
 * @typedef {import("../store/outbox.js").Attachment} Attachment
 * @typedef {import("./push.js").Failure} Failure
 */

const LEAST = 16 * 1024;
const FIRST = 64 * 1024;
const MOST = 256 * 1024;
const QUICK_MS = 3000;
const SLOW_MS = 15_000;
const HOLDS_UP_ONE = ["sync.refused", "sync.server_error", "sync.too_large"];

/**
 * @param {object} parts
 * @param {import("../store/phone.js").Phone} parts.phone
 * @param {import("../core/http.js").Http} parts.http
 */
export function createAttachments({ phone, http }) {
  const { outbox, files } = phone;
  let piece = FIRST;

  /** @param {string} revisionId @param {string} hash @param {Partial<Attachment>} patch */
  const mark = (revisionId, hash, patch) =>
    outbox.change(revisionId, (item) => ({ attachments: item.attachments.map((one) => (one.sha256 === hash ? { ...one, ...patch } : one)) }));

  /** @returns {Promise<{item: Item, attachment: Attachment}[]>} */
  async function waiting() {
    const found = [];
    for (const item of await outbox.all()) {
      if (item.state !== "accepted" && item.state !== "quarantined") continue;
      for (const attachment of item.attachments) if (isToSend(attachment) || isToTell(attachment)) found.push({ item, attachment });
    }
    return found.sort((a, b) => a.attachment.size - b.attachment.size);
  }

  /** @param {Item} item @param {Attachment} attachment @returns {Promise<Failure | null>} */
  async function send(item, attachment) {
    const { sha256: hash } = attachment;
    const device = await deviceOf(phone, item.owner);
    if (!device) return null;
    const { credential } = device;
    const address = `/api/sync/att/${item.submission_id}/${hash}`;
    const blob = await files.stored(hash).catch(() => null);
    if (!blob) {
      // Brought by hand without it: the phone that it comes from may have it, and says what becomes of it.
      if (!item.imported) {
        const told = await http(`${address}/lost`, { method: "POST", json: { reason: "missing_on_phone" }, credential });
        if (told.kind !== "answer" && told.status === 404 && item.state === "quarantined") return null;
        if (told.kind === "nothing" || (told.kind === "problem" && told.status !== 404)) return failureOf(told);
      }
      await mark(item.revision_id, hash, { state: "lost", told: true });
      // Or it was brought at this moment.
      if (item.imported && (await files.isWhole(hash))) await mark(item.revision_id, hash, { state: "waiting" });
      return null;
    }
    let asked = await http(address, { method: "HEAD", credential });
    let restarts = 0;
    for (;;) {
      if (asked.kind === "nothing") return failureOf(asked);
      const offset = offsetOf(asked);
      // It was set aside whole: its photos have no place until a person decides.
      if (asked.status === 404 && item.state === "quarantined") return null;
      if (asked.status === 404) {
        // It knows nothing of this submission any more: offer the text again, the photo follows.
        await outbox.change(item.revision_id, (now) => ({ state: "waiting", attempts: now.attempts + 1 }));
        return null;
      }
      if (asked.headers.get("Upload-Complete") === "?1") {
        await mark(item.revision_id, hash, { state: "complete", offset: attachment.size });
        return null;
      }
      // The offset did not fit (409), the piece was damaged on the way (460), the file came out different and starts again (422).
      // Another page may have brought the last piece meanwhile: asked again, it says so.
      const isOdd = asked.status === 409 && (offset === null || offset >= blob.size);
      if (asked.status === 460 || asked.status === 422 || isOdd) {
        if (++restarts > 3) return { code: "sync.server_error" };
        asked = await http(address, { method: "HEAD", credential });
        continue;
      }
      if (asked.status >= 400 && asked.status !== 409) return failureOf(asked);
      if (offset === null || offset >= blob.size) return { code: "sync.not_ours" };
      const bytes = await blob.slice(offset, offset + piece).arrayBuffer();
      const began = performance.now();
      asked = await http(address, {
        method: "PATCH", body: bytes, credential,
        headers: { "Content-Type": "application/octet-stream", "Upload-Offset": String(offset), "X-Chunk-Sha256": await sha256(bytes) },
      });
      adapt(asked.kind === "nothing" ? Infinity : performance.now() - began);
    }
  }

  /** @param {number} took ms */
  function adapt(took) {
    if (took < QUICK_MS) piece = Math.min(MOST, piece * 2);
    else if (took > SLOW_MS) piece = Math.max(LEAST, piece / 2);
  }

  return {
    /**
     * Sends what waits. Null when nothing stopped it.
     *
     * @param {{progress: (done: number, total: number) => void, interrupted: () => boolean}} how  interrupted: a text came in
     * @returns {Promise<Failure | null>}
     */
    async run({ progress, interrupted }) {
      const found = await waiting();
      /** Devices whose credential was refused. @type {Map<string | undefined, Failure>} */
      const refused = new Map();
      for (const [done, { item, attachment }] of found.entries()) {
        if (interrupted()) return null;
        const device = (await deviceOf(phone, item.owner))?.id;
        if (refused.has(device)) continue;
        progress(done, found.length);
        const failure = await send(item, attachment);
        // A file that this server does not like holds up no other, nor does another person's credential; without network there
        // is no sense in going on.
        if (!failure || HOLDS_UP_ONE.includes(failure.code)) continue;
        if (failure.code !== "sync.not_allowed") return failure;
        refused.set(device, failure);
      }
      return refused.get((await phone.meta.get("device"))?.id) ?? null;
    },
  };
}

/** @param {import("../core/http.js").Answer | import("../core/http.js").Refusal} answer @returns {number | null} */
function offsetOf(answer) {
  const said = answer.headers.get("Upload-Offset");
  return said !== null && /^\d+$/.test(said) ? Number(said) : null;
}
