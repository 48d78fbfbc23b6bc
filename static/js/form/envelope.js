/**
 * The frozen bytes of a finished form, as docs/sync.md describes them, and the outbox's row for them.
 */

import { localIso, monotonic, timeZone } from "../core/clock.js";
import { newId, sha256 } from "../core/ids.js";
import { whole } from "../engine/nodes.js";

/**
 * What the phone had of a record, for the server to compare with what others said since (docs/sync.md, "Envelope").
 * @param {Record<string, any>} [item]  of an entity list
 */
export function baseOf({ __version: version, __trunkVersion: trunk = version, __branchId: branch_id } = {}) {
  return Number(version) ? { base_version: Number(version), trunk_version: Number(trunk) || undefined, branch_id } : null;
}

/** Answers given in another version that have no place in this one, or are not asked for there now. @param {{aside?: import("./move.js").Aside[]}} source @param {import("../engine/form.js").Form | null} form */
export const asideOf = ({ aside = [] }, form) => aside.filter(({ relevant, home }) => relevant && !(home && form?.view(home)?.relevant));

/**
 * @param {{phone: any, pkg: any, draft: any, form: import("../engine/form.js").Form, title: string}} what  form: finalised
 * @returns {Promise<{envelope: Record<string, any>, files: any[]}>}
 */
export async function buildEnvelope({ phone, pkg, draft, form, title }) {
  const [device, offset, install] = await Promise.all([phone.meta.get("device"), phone.meta.get("clock_offset"), phone.meta.get("install")]);
  const known = new Map((draft.files ?? []).map((/** @type {any} */ file) => [file.name, file]));
  const aside = asideOf(draft, form);
  const named = [...form.media(), ...aside.map(({ question, value }) => ({ path: question, name: value }))];
  const files = named.filter(({ name }) => known.has(name)).map(({ path, name }) => ({ ...known.get(name), question: path }));
  const entities = await Promise.all(form.entities().map(async (one) => {
    const base = one.action === "update" && (draft.bases?.[one.id] ?? baseOf(await phone.catalogue.entity(one.list, one.id) ?? undefined));
    return base ? { ...one, ...base, branch_id: base.branch_id ?? newId() } : one;
  }));
  const warnings = form.warnings().map(({ path, messages }) => ({ question: path, message: messages }));
  const envelope = {
    proto: 1, submission_id: draft.submission_id, revision_id: newId(), parent_revision_id: draft.parent_revision_id,
    programme_id: draft.programme_id, form_id: draft.form_id, form_version: draft.form_version, form_sha256: draft.form_sha256,
    author_id: draft.owner, device_id: device?.id ?? install?.id ?? "", title,
    subject: draft.subject ?? subjectOf(pkg, form, entities), territory: form.role("territory") || null,
    answers: form.answers(), entities, ...(warnings.length ? { warnings } : {}), ...(aside.length ? { aside } : {}),
    ...(pkg.consent ? { consent: pkg.consent } : {}),
    attachments: files.map(({ name, question, sha256: hash, size, type, sealed }) => ({ name, question, sha256: hash, size, type, sealed })),
    t_started: localIso(Date.parse(draft.created_at)), t_client: localIso(),
    tz: timeZone(), monotonic: monotonic(),
    clock_offset_last_seen: typeof offset === "number" ? offset : null, language: form.language,
    app_version: document.documentElement.dataset.version ?? "",
  };
  return { envelope, files };
}

/**
 * A form started without a record is about the one that was picked in it, else the one it makes as a whole.
 * @param {any} pkg @param {import("../engine/form.js").Form} form @param {{list: string, id: string}[]} entities
 * @returns {{list: string, id: string} | null}
 */
function subjectOf(pkg, form, entities) {
  const picks = pkg.nodes.find((/** @type {any} */ node) => node.attributes?.role === "subject");
  const picked = form.role("subject");
  if (picks && picked) return { list: picks.choices.list, id: picked };
  const inRepeat = (/** @type {number} */ i) => {
    for (let node = pkg.nodes[i]; node; node = node.i ? pkg.nodes[node.parent] : null) if (node.kind === "repeat") return true;
    return false;
  };
  const lists = (pkg.entities ?? []).filter((/** @type {any} */ rule) => !inRepeat(rule.scope)).map((/** @type {any} */ rule) => rule.list);
  const found = entities.find(({ list }) => lists.includes(list));
  return found ? { list: found.list, id: found.id } : null;
}

/**
 * The outbox's row. Of a correction, what only the office holds is in the envelope and not to be sent.
 * @param {{envelope: Record<string, any>, files: any[], draft: any}} what
 */
export async function outboxItem({ envelope, files, draft }) {
  // What is computed may cut a character in two.
  const text = JSON.stringify(envelope, (_name, value) => (typeof value === "string" ? whole(value) : value));
  const unique = [...new Map(files.filter((file) => !file.at_office).map((file) => [file.sha256, file])).values()];
  return {
    revision_id: envelope.revision_id, submission_id: envelope.submission_id, owner: draft.owner, form_id: envelope.form_id,
    title: envelope.title, subject: envelope.subject, envelope: text, sha256: await sha256(text), encryption: "none",
    finished_at: new Date().toISOString(),
    attachments: unique.map(({ sha256: hash, size, type }) => ({ sha256: hash, size, type, state: "waiting", offset: 0 })),
    state: "waiting", problem: null, attempts: 0, next_attempt_at: 0,
  };
}
