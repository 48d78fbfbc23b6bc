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
 * @property {"none"} encryption
 * @property {string} finished_at  for people; nothing is ordered by it but the list
 * @property {Attachment[]} attachments
 * @property {"waiting" | "accepted" | "quarantined" | "gone" | "refused"} state
 * @property {import("../core/problem.js").ProblemJson | null} problem
 * @property {number} attempts
 * @property {number} next_attempt_at  ms by this phone's clock
 * @property {string} [draft_id]
 *
 * @typedef {object} Receipt
 * @property {string} submission_id
 * @property {string} revision_id
 * @property {string} sha256
 * @property {number} server_seq
 * @property {string} received_at
 * @property {string[]} missing
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

/** @param {import("./keep.js").Keep} keep */
export function createOutbox(keep) {
  const all = async () => {
    /** @type {Item[]} */
    const items = await keep.read("items", (tx) => tx.all("items"));
    // A revision's id carries the time it was made: oldest first.
    return items.sort((a, b) => (a.revision_id < b.revision_id ? -1 : 1));
  };

  return {
    all,

    /** @param {string} revisionId @returns {Promise<Item | null>} */
    get: (revisionId) => keep.read("items", async (tx) => (await tx.get("items", revisionId)) ?? null),

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
            const { owner, form_id, title, finished_at } = item;
            tx.put("receipts", { ...receipt, revision_id, owner, form_id, title, finished_at });
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

    /** Of items purged too. @returns {Promise<(Receipt & {owner: string, form_id: string, title: string, finished_at: string})[]>} */
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

/** Lost on this phone, and the server still waits for it. @param {Attachment} attachment */
export function isToTell(attachment) {
  return attachment.state === "lost" && !attachment.told;
}

/** @typedef {ReturnType<typeof createOutbox>} Outbox */
