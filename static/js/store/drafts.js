import { sha256 } from "../core/ids.js";
import { reportError } from "../core/events.js";
import { Problem } from "../core/problem.js";
import { SEALED } from "./vault.js";

/**
 * Submissions under way. A draft becomes an item of the outbox exactly once, in one transaction.
 *
 * @typedef {object} DraftFile
 * @property {string} name  "photo_leg-1.jpg"
 * @property {string} question  path
 * @property {string} sha256
 * @property {number} size
 * @property {string} type
 * @property {import("./files.js").Inside} [sealed]
 *
 * @typedef {object} Draft
 * @property {string} id
 * @property {string} owner  person
 * @property {string} form_id
 * @property {string} form_version
 * @property {string} form_sha256
 * @property {string} programme_id
 * @property {string} submission_id
 * @property {string | null} parent_revision_id
 * @property {{list: string, id: string} | null} subject
 * @property {unknown} snapshot  the engine's
 * @property {string} section
 * @property {string} question
 * @property {unknown} progress
 * @property {string} title
 * @property {string} created_at
 * @property {string} updated_at
 * @property {unknown[]} remarks
 * @property {DraftFile[]} files
 * @property {"none"} encryption  as the form sees it; the row itself is sealed where its owner has a key
 */

/** @param {import("./keep.js").Keep} keep @param {import("./files.js").Files} files @param {import("./vault.js").Vault} vault */
export function createDrafts(keep, files, vault) {
  /** @param {any} row @returns {Promise<Draft>} */
  const opened = (row) => (row.encryption === SEALED ? vault.openJson(row.sealed, "draft", row.id) : row);

  /** Everything is sealed before the transaction begins, which would end by itself meanwhile. @param {Draft} draft */
  async function rowOf(draft) {
    if (vault.state === "none") return draft;
    if (!vault.seals(draft.owner)) throw new Problem("vault.locked");
    const files = (draft.files ?? []).map(({ sha256 }) => ({ sha256 }));
    return { id: draft.id, owner: draft.owner, encryption: SEALED, files, sealed: (await vault.sealJson(draft, "draft", draft.id)).buffer };
  }

  /** @param {string} [owner] @returns {Promise<any[]>} */
  const rows = async (owner) => (await keep.read("drafts", (tx) => tx.all("drafts"))).filter((row) => !owner || row.owner === owner);

  /** What can be read, latest first, and how many cannot. @param {string} [owner] @returns {Promise<{drafts: Draft[], unread: number}>} */
  async function readable(owner) {
    const kept = await rows(owner);
    const found = await Promise.all(
      kept.map((row) =>
        Promise.resolve(opened(row)).catch((error) => {
          if (error.code !== "vault.locked") reportError(error);
          return null;
        }),
      ),
    );
    const drafts = /** @type {Draft[]} */ (found.filter(Boolean)).sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1));
    return { drafts, unread: kept.length - drafts.length };
  }

  return {
    /** What can be read, latest first. @param {string} [owner] @returns {Promise<Draft[]>} */
    all: async (owner) => (await readable(owner)).drafts,

    readable,

    /** How many there are, read or not. @param {string} [owner] */
    count: async (owner) => (await rows(owner)).length,

    /** @param {string} id @returns {Promise<Draft | null>} */
    async get(id) {
      const row = await keep.read("drafts", (tx) => tx.get("drafts", id));
      return row ? opened(row) : null;
    },

    /**
     * Resolves when the draft is on disk. A draft that was finished elsewhere stays finished: Problem "phone.draft_finished".
     *
     * @param {Draft} draft
     */
    async save(draft) {
      const row = await rowOf(draft);
      await keep.write(["drafts", "items"], async (tx) => {
        if (!(await tx.get("drafts", draft.id)) && (await finished(tx, draft.id))) throw new Problem("phone.draft_finished");
        tx.put("drafts", row);
      });
    },

    /** @param {string} id */
    remove: (id) => keep.write(["drafts", "meta"], (tx) => takeOut(tx, id)),

    /**
     * The draft goes and the item comes, in one transaction; only when this resolves may "saved" be shown. Photos whose bytes are
     * no longer whole are named in `lost`: the submission goes without them, and says so. Finishing twice makes one item.
     *
     * @param {Draft} draft
     * @param {import("./outbox.js").Item} item
     * @returns {Promise<{item: import("./outbox.js").Item, lost: string[]}>}
     */
    async finish(draft, item) {
      const hash = await sha256(item.envelope);
      if (hash !== item.sha256) throw new Problem("phone.envelope_mismatch");
      const lost = [];
      const attachments = [];
      for (const attachment of item.attachments) {
        const whole = await files.isWhole(attachment.sha256);
        if (!whole) lost.push(attachment.sha256);
        attachments.push(whole ? attachment : { ...attachment, state: /** @type {const} */ ("lost") });
      }
      const kept = { ...(await sealedItem(item)), attachments, draft_id: draft.id };
      const again = await rowOf(draft);
      const stored = await keep.write(["drafts", "items", "meta"], async (tx) => {
        const before = await finished(tx, draft.id);
        const isThere = await takeOut(tx, draft.id);
        if (before) return before;
        if (!isThere) throw new Problem("phone.draft_gone");
        tx.put("items", kept);
        return kept;
      });
      const read = await keep.read("items", (tx) => tx.get("items", stored.revision_id));
      if (!read || (await sha256(read.envelope)) !== read.sha256) {
        await keep.write(["drafts", "items"], async (tx) => {
          tx.remove("items", stored.revision_id);
          tx.put("drafts", again);
        });
        throw new Problem("phone.not_kept");
      }
      return { item: read, lost };
    },
  };

  /** @param {import("./outbox.js").Item} item @returns {Promise<import("./outbox.js").Item>} */
  async function sealedItem(item) {
    if (vault.state === "none") return item;
    const { title, subject, submission_id, revision_id } = item;
    const { programme_id, parent_revision_id = null, entities = [] } = JSON.parse(item.envelope);
    const envelope = await vault.sealEnvelope(item.envelope, submission_id, revision_id);
    const head = await vault.sealJson({ title, subject, programme_id, parent_revision_id, entities }, "head", revision_id);
    return { ...item, title: "", subject: null, envelope, sha256: await sha256(envelope), encryption: SEALED, head: /** @type {ArrayBuffer} */ (head.buffer) };
  }
}

/** One draft fewer, and meant so: whoever counts drafts (canary.js) counts these too. @param {import("./db.js").Transaction} tx @param {string} id */
async function takeOut(tx, id) {
  if (!(await tx.get("drafts", id))) return false;
  tx.remove("drafts", id);
  tx.put("meta", { name: "drafts_gone", value: ((await tx.get("meta", "drafts_gone"))?.value ?? 0) + 1 });
  return true;
}

/** The item that a draft became, if it did. @param {import("./db.js").Transaction} tx @param {string} draftId @returns {Promise<any>} */
async function finished(tx, draftId) {
  return (await tx.all("items")).find((item) => item.draft_id === draftId);
}

/** @typedef {ReturnType<typeof createDrafts>} Drafts */
