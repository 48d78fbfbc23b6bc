import { SEALED } from "./vault.js";

/**
 * The outbox: finished submissions until they are secured on the server. It only keeps them; sync/push.js sends them. The
 * envelope's text never changes after finishing.
 *
 * @typedef {object} Attachment
 * @property {string} sha256
 * @property {number} size
 * @property {string} type
 * @property {"waiting" | "sending" | "complete" | "lost"} state
 * @property {number} offset
 * @property {boolean} [told]  the server knows that it is lost
 *
 * @typedef {object} Item
 * @property {string} revision_id
 * @property {string} submission_id
 * @property {string} owner  person
 * @property {string} form_id
 * @property {string} title
 * @property {{list: string, id: string} | null} subject
 * @property {string} envelope  its text as it is sent
 * @property {string} sha256  of the envelope's UTF-8 bytes
 * @property {string} encryption  "none"; "sealed-1": title and subject stand in the head
 * @property {ArrayBuffer} [head]  sealed Head
 * @property {string} finished_at  for people; nothing is ordered by it but the list
 * @property {Attachment[]} attachments
 * @property {"waiting" | "accepted" | "quarantined" | "gone" | "refused"} state
 * @property {import("../core/problem.js").ProblemJson | null} problem
 * @property {number} attempts
 * @property {number} next_attempt_at  ms by this phone's clock
 * @property {string} [draft_id]
 * @property {boolean} [imported]  from another phone's rescue file
 * @property {{at: string, note: string | ArrayBuffer} | null} [rejected]  the office decided so; note: why, sealed where its owner has a key
 *
 * @typedef {object} Head  what lists need of a form
 * @property {string} title
 * @property {{list: string, id: string} | null} subject
 * @property {string} programme_id
 * @property {string | null} parent_revision_id
 * @property {any[]} entities
 *
 * @typedef {object} Receipt
 * @property {string} submission_id
 * @property {string} revision_id
 * @property {string} sha256
 * @property {number} [number]  by which people name it
 * @property {number} server_seq  what the number of a backup must have reached to hold it whole
 * @property {string} received_at
 * @property {string[] | null} missing  null: the server could not read it yet
 * @property {string} audit_head
 * @property {string} [epoch]  of the server that gave it
 *
 * @typedef {object} Counts
 * @property {number} waiting  to send
 * @property {number} received  accepted, or kept with a question for a person (quarantine)
 * @property {number} quarantined
 * @property {number} refused  not stored by the server: needs a person here
 * @property {number} gone  deleted at the office
 * @property {number} photos  photos still to send, of items sent or not
 */

const UNREAD = ["quarantine.unreadable", "quarantine.encryption_unknown"];

/** @param {import("./keep.js").Keep} keep @param {import("./vault.js").Vault} vault */
export function createOutbox(keep, vault) {
  /** Heads never change: each is opened once. @type {Map<string, Head>} */
  const heads = new Map();
  vault.on((state) => state !== "open" && heads.clear());

  /** What can be read of a form, null when its key is not here. @param {any} row @returns {Promise<Head | null>} */
  async function headOf(row) {
    let found = heads.get(row.revision_id) ?? null;
    if (found) return found;
    const { keyId } = vault;
    try {
      if (row.head) found = await vault.openJson(row.head, "head", row.revision_id);
      else if (row.envelope && row.encryption !== SEALED) {
        const { programme_id, parent_revision_id = null, entities = [] } = JSON.parse(row.envelope);
        found = { title: row.title, subject: row.subject, programme_id, parent_revision_id, entities };
      }
    } catch {
      return null;
    }
    // Locked meanwhile, nothing is remembered.
    if (found && vault.keyId === keyId) heads.set(row.revision_id, found);
    return found;
  }

  /** @template T @param {T[]} rows @returns {Promise<(T & Head)[]>} */
  const withHeads = (rows) => Promise.all(rows.map(async (row) => /** @type {T & Head} */ ({ ...row, ...(await headOf(row)) })));

  const all = async () => {
    /** @type {Item[]} */
    const items = await keep.read("items", (tx) => tx.all("items"));
    // A revision's id carries the time it was made: oldest first.
    return items.sort((a, b) => (a.revision_id < b.revision_id ? -1 : 1));
  };

  return {
    /** As they are kept and sent. */
    all,

    /** Oldest first, with title and subject where their key is here. @returns {Promise<(Item & Head)[]>} */
    opened: async () => withHeads(await all()),

    /** What was written in a finished form, parsed. @param {Item} item @returns {Promise<any>} */
    content: (item) => vault.openEnvelope(item),

    /** @param {string} revisionId @returns {Promise<Item | null>} */
    async get(revisionId) {
      const item = await keep.read("items", async (tx) => (await tx.get("items", revisionId)) ?? null);
      return item && (await withHeads([item]))[0];
    },

    /**
     * Changes what is said about an item, never its envelope. Null when it is gone.
     *
     * @param {string} revisionId
     * @param {Partial<Item> | ((item: Item) => Partial<Item>)} patch
     * @returns {Promise<Item | null>}
     */
    change: (revisionId, patch) =>
      keep.write("items", async (tx) => {
        const item = await tx.get("items", revisionId);
        if (!item) return null;
        const next = changed(item, patch);
        tx.put("items", next);
        return next;
      }),

    /**
     * What the server answered about several items, with their receipts, in one transaction.
     *
     * @param {{revision_id: string, patch: Partial<Item> | ((item: Item) => Partial<Item>), receipt?: Receipt | null}[]} results
     */
    settle: (results) =>
      keep.write(["items", "receipts"], async (tx) => {
        for (const { revision_id, patch, receipt } of results) {
          const item = await tx.get("items", revision_id);
          if (!item) continue;
          tx.put("items", changed(item, patch));
          if (receipt) {
            // It outlives the form, and names nobody.
            const { owner, form_id, finished_at } = item;
            tx.put("receipts", { ...receipt, revision_id, owner, form_id, finished_at });
          }
        }
      }),

    /** Only what is secured, or what its owner dismissed: these answers may exist nowhere else. @param {string} revisionId */
    remove: (revisionId) => keep.write("items", async (tx) => tx.remove("items", revisionId)),

    /** @param {string} [owner] @returns {Promise<Counts>} */
    async counts(owner) {
      const counts = { waiting: 0, received: 0, quarantined: 0, refused: 0, gone: 0, photos: 0 };
      for (const item of await all()) {
        if (owner && item.owner !== owner) continue;
        if (item.state === "waiting") counts.waiting++;
        else if (item.state === "refused") counts.refused++;
        else if (item.state === "gone") counts.gone++;
        else counts.received++;
        if (item.state === "quarantined") counts.quarantined++;
        if (item.state !== "refused" && item.state !== "gone") counts.photos += item.attachments.filter(isToSend).length;
      }
      return counts;
    },

    /** @param {string} revisionId @returns {Promise<Receipt | null>} */
    receipt: (revisionId) => keep.read("receipts", async (tx) => (await tx.get("receipts", revisionId)) ?? null),

    /** Of items purged too. @returns {Promise<(Receipt & {owner: string, form_id: string, finished_at: string})[]>} */
    receipts: () => keep.read("receipts", (tx) => tx.all("receipts")),
  };
}

/** @param {Item} item @param {Partial<Item> | ((item: Item) => Partial<Item>)} patch @returns {Item} */
function changed(item, patch) {
  const { envelope, sha256, revision_id } = item;
  return { ...item, ...(typeof patch === "function" ? patch(item) : patch), envelope, sha256, revision_id };
}

/** @param {Attachment} attachment */
export function isToSend(attachment) {
  return attachment.state === "waiting" || attachment.state === "sending";
}

/** What a receipt says of an item. @param {"accepted" | "quarantined"} state @param {any} receipt @param {any} problem @returns {(item: Item) => Partial<Item>} */
export function received(state, receipt, problem) {
  const missing = new Set(receipt.missing);
  return (item) => {
    const isAside = item.state === "quarantined" || state === "quarantined";
    // A server of before does not say at "have" why a person was called; what was said then stays.
    const why = problem ?? (isAside ? item.problem : null);
    // What the server cannot open names it no photos, whatever it says of them: only of one seen to be whole there is the offset the size.
    const unread = receipt.missing === null || UNREAD.includes(why?.code);
    return {
      state: isAside ? "quarantined" : "accepted",
      problem: why,
      attempts: 0,
      next_attempt_at: 0,
      attachments: item.attachments.map((one) =>
        one.state === "lost" ? one : { ...one, state: missing.has(one.sha256) || (unread && one.offset < one.size) ? "waiting" : "complete" },
      ),
    };
  };
}

/** Lost on this phone, and the server still waits for it. @param {Attachment} attachment */
export function isToTell(attachment) {
  return attachment.state === "lost" && !attachment.told;
}

/** @typedef {ReturnType<typeof createOutbox>} Outbox */
