import { localIso } from "../core/clock.js";
import { sha256 } from "../core/ids.js";
import { Problem } from "../core/problem.js";
import { isToSend, received } from "../store/outbox.js";
import { SEALED } from "../store/vault.js";

/**
 * Rescue files: the outbox as it is kept, for another phone or the office, when this phone cannot send. Format: docs/encryption.md.
 * Bringing one twice changes nothing; receipts travel back in a file of the same kind.
 *
 * @typedef {import("../store/phone.js").Phone} Phone
 * @typedef {{items: number, known: number, files: number, receipts: number, damaged: number}} Brought
 */

const MAGIC = "DAFTAR-RESCUE-1\n";
const CHUNK = 48 * 1024;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const HASH = /^[0-9a-f]{64}$/;

/**
 * What is not wholly at the office, and receipts of what came from another phone. While the phone is locked only what is sealed: the
 * rest could be read in the file.
 *
 * @param {Phone} phone @param {{locked?: boolean}} [how] @returns {Promise<{file: File, items: number, receipts: number, clear: number}>} clear: forms left out
 */
export async function rescueFile(phone, { locked = false } = {}) {
  const all = await phone.outbox.all();
  const toRescue = all.filter((item) => item.state === "waiting" || item.state === "refused" || item.attachments.some(isToSend));
  const items = locked ? toRescue.filter((item) => item.encryption === SEALED) : toRescue;
  /** @type {BlobPart[]} */
  const parts = [MAGIC];
  let records = 0;
  const add = (/** @type {any} */ record, /** @type {Blob | null} */ body = null) => {
    records++;
    parts.push(`${JSON.stringify(body ? { ...record, bytes: body.size } : record)}\n`);
    if (body) parts.push(body);
  };
  add({ kind: "head", made_at: localIso(), install: phone.install(), items: items.length });
  const owners = new Set(items.map((item) => item.owner));
  /** @type {[string, import("../store/vault.js").KeptKey][]} */
  const keys = Object.entries((await phone.meta.get("keys")) ?? {});
  for (const [person, own] of keys) {
    if (!owners.has(person)) continue;
    for (const { id, wrapped } of [own, ...(own.older ?? [])]) add({ kind: "key", id, person, wrapped });
  }
  for (const { submission_id, revision_id, sha256, encryption, envelope, owner, form_id, finished_at, attachments, head } of items) {
    const kept = attachments.map(({ sha256, size, type }) => ({ sha256, size, type }));
    add({ kind: "item", submission_id, revision_id, sha256, encryption, envelope, owner, form_id, finished_at, attachments: kept }, head ? new Blob([head]) : null);
  }
  for (const item of items) {
    for (const { sha256, type } of item.attachments.filter(isToSend)) {
      const about = await phone.keep.read("chunks", (tx) => tx.get("chunks", [sha256, -1])).catch(() => null);
      const body = locked && about?.encryption !== SEALED ? null : await phone.files.stored(sha256).catch(() => null);
      if (body) add({ kind: "file", sha256, submission_id: item.submission_id, type }, body);
    }
  }
  let receipts = 0;
  for (const item of all.filter((one) => one.imported)) {
    const receipt = await phone.outbox.receipt(item.revision_id);
    if (!receipt) continue;
    receipts++;
    add({ kind: "receipt", receipt: { ...receipt, head: undefined }, ...(item.state === "quarantined" && item.problem ? { problem: item.problem } : {}) });
  }
  add({ kind: "end", records });
  const name = `daftar-${localIso().slice(0, 16).replace(/[T:]/g, "-")}.daftar`;
  return { file: new File(parts, name, { type: "application/octet-stream" }), items: items.length, receipts, clear: toRescue.length - items.length };
}

/** Through the share sheet where there is one, else to the downloads. @param {File} file */
export async function handOver(file) {
  if (navigator.canShare?.({ files: [file] })) {
    try {
      return await navigator.share({ files: [file] });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      // The sheet does not take such files: then the downloads.
    }
  }
  const address = URL.createObjectURL(file);
  const link = Object.assign(document.createElement("a"), { href: address, download: file.name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Takes in what another phone could not send, or receipts that came back. Problem "rescue.not_one". @param {Phone} phone @param {Blob} file @returns {Promise<Brought>} */
export async function bringIn(phone, file) {
  const { keep, meta, outbox } = phone;
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) throw new Problem("rescue.not_one");
  /** @type {Brought} */
  const brought = { items: 0, known: 0, files: 0, receipts: 0, damaged: 0 };
  let ended = false;
  for (const { record, body } of records(bytes)) {
    if (record.kind === "end") ended = true;
    else if (record.kind === "key") await keepKey(record);
    else if (record.kind === "item") await takeItem(record, body);
    else if (record.kind === "file") await takeFile(record, body);
    else if (record.kind === "receipt") await takeReceipt(record.receipt, record.problem ?? null);
  }
  if (!ended) brought.damaged++;
  return brought;

  /**
   * Its wrap goes with the forms, should the server have lost its own. Anybody can make such a file: the key is given into escrow by no
   * phone but the one that made it (keys/older.js).
   * @param {{id: string, person: string, wrapped: string}} key
   */
  async function keepKey({ id, person, wrapped }) {
    const own = await phone.vault.kept(person);
    if (!own) return phone.vault.keep(person, { id, wrapped, person: null, brought: [id] });
    if (own.id !== id && !own.older?.some((one) => one.id === id)) await phone.vault.keep(person, { older: [...(own.older ?? []), { id, wrapped }], brought: [...(own.brought ?? []), id] });
  }

  /** @param {any} item @param {Uint8Array} head */
  async function takeItem({ submission_id, revision_id, sha256: hash, encryption, envelope, owner, form_id, finished_at, attachments }, head) {
    // A byte that fell over in an id is in no hash: such an item could be sent by nobody.
    const isWhole = [submission_id, revision_id, owner].every((id) => ID.test(id)) && typeof encryption === "string" && attachments?.every?.(isDescribed);
    if (!isWhole || typeof envelope !== "string" || (await sha256(envelope)) !== hash) {
      brought.damaged++;
      return;
    }
    const isKnown = await outbox.get(revision_id);
    if (isKnown || (await outbox.receipt(revision_id))) brought.known++;
    if (isKnown) return;
    const waiting = attachments.map((/** @type {any} */ one) => ({ ...one, state: "waiting", offset: 0 }));
    await keep.write("items", async (tx) =>
      tx.put("items", {
        submission_id, revision_id, sha256: hash, encryption, envelope, owner, form_id, finished_at, attachments: waiting, title: "", subject: null,
        ...(head.length ? { head: head.slice().buffer } : {}),
        // Asked about first: the phone it comes from may have sent it meanwhile.
        imported: true, state: "waiting", problem: null, attempts: 1, next_attempt_at: 0,
      }),
    );
    if (!(await outbox.receipt(revision_id))) brought.items++;
  }

  /** @param {{sha256: string, type: string}} file @param {Uint8Array} content */
  async function takeFile({ sha256: hash, type }, content) {
    if ((await sha256(content)) !== hash) {
      brought.damaged++;
      return;
    }
    if (!(await phone.files.isWhole(hash))) await store(hash, type, content);
    // What was lost here, or not in the file that came before, goes on waiting.
    for (const item of await outbox.all()) {
      if (item.attachments.some(isLost)) await outbox.change(item.revision_id, (now) => ({ attachments: now.attachments.map((one) => (isLost(one) ? { ...one, state: "waiting", told: false } : one)) }));
    }

    /** @param {import("../store/outbox.js").Attachment} one */
    function isLost(one) {
      return one.sha256 === hash && one.state === "lost";
    }
  }

  /** @param {string} hash @param {string} type @param {Uint8Array} content */
  async function store(hash, type, content) {
    await keep.write(
      "chunks",
      async (tx) => {
        for (let n = 0; n * CHUNK < content.length; n++) tx.put("chunks", { sha256: hash, n, bytes: content.slice(n * CHUNK, (n + 1) * CHUNK).buffer, encryption: SEALED });
        tx.put("chunks", { sha256: hash, n: -1, bytes: new ArrayBuffer(0), encryption: SEALED, type, size: content.length, kept_at: Date.now() });
      },
      { reserve: false },
    );
    brought.files++;
  }

  /** @param {any} receipt @param {import("../core/problem.js").ProblemJson | null} aside  why it waits for a person */
  async function takeReceipt(receipt, aside) {
    const item = await outbox.get(receipt?.revision_id);
    if (!item || item.sha256 !== receipt.sha256 || item.state !== "waiting") return;
    await outbox.settle([{ revision_id: item.revision_id, receipt, patch: received(aside ? "quarantined" : "accepted", receipt, aside) }]);
    brought.receipts++;
  }
}

/** @param {any} one  of an item's files */
function isDescribed(one) {
  return HASH.test(one?.sha256) && Number.isInteger(one.size) && typeof one.type === "string";
}

/** @param {Uint8Array} bytes @returns {Generator<{record: any, body: Uint8Array}>} */
function* records(bytes) {
  let at = MAGIC.length;
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at);
    if (end < 0) return;
    let record;
    try {
      record = JSON.parse(new TextDecoder().decode(bytes.subarray(at, end)));
    } catch {
      return;
    }
    const size = record.bytes ?? 0;
    if (end + 1 + size > bytes.length) return;
    yield { record, body: bytes.subarray(end + 1, end + 1 + size) };
    at = end + 1 + size;
  }
}
