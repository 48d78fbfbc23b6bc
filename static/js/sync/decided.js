/**
 * Hearing what the office decided about forms that were set aside. The reason of a rejection may name people: it comes to who is
 * signed in, and is kept sealed where she has a key.
 *
 * @typedef {import("../store/outbox.js").Item} Item
 * @typedef {import("../store/phone.js").Phone} Phone
 */

const AT_ONCE = 500;

/**
 * Asks about this person's forms that wait for a decision, and keeps what was decided. Nothing is removed, and without an answer
 * of our server nothing changes.
 *
 * @param {Phone} phone @param {import("../core/http.js").Http} http @param {string} owner
 */
export async function hearDecisions(phone, http, owner) {
  const { outbox, vault } = phone;
  const waiting = (await outbox.all()).filter((item) => item.owner === owner && item.state === "quarantined").slice(-AT_ONCE);
  if (!waiting.length || (vault.state !== "none" && !vault.seals(owner))) return;
  const answer = await http("/api/sync/decided", { method: "POST", json: { items: Object.fromEntries(waiting.map((item) => [item.revision_id, item.sha256])) } });
  if (answer.kind !== "answer" || typeof answer.body?.decided !== "object") return;
  for (const { revision_id, rejected: before = null } of waiting) {
    const { decision, at, note } = answer.body.decided[revision_id] ?? {};
    if (decision === "accepted") await outbox.change(revision_id, { state: "accepted", problem: null, rejected: null });
    else if (decision === "rejected" && before?.at !== at) await outbox.change(revision_id, { rejected: { at, note: await kept(note, revision_id) } });
    else if (decision !== "rejected" && before) await outbox.change(revision_id, { rejected: null });
  }

  /** @param {string} note @param {string} revisionId @returns {Promise<string | ArrayBuffer>} */
  async function kept(note, revisionId) {
    if (vault.state === "none") return note;
    return /** @type {ArrayBuffer} */ ((await vault.sealJson(note, "note", revisionId)).buffer);
  }
}

/** Why the office rejected it, "" where there is nothing to read. @param {Phone} phone @param {Item} item @returns {Promise<string>} */
export async function noteOf(phone, { revision_id, rejected }) {
  if (!rejected) return "";
  if (typeof rejected.note === "string") return rejected.note;
  return phone.vault.openJson(rejected.note, "note", revision_id).catch(() => "");
}
