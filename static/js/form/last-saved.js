/**
 * What `last-saved#` reads: answers of the form of the same instrument that the same person finished before on this phone. Only those that
 * the instrument asks for are kept, sealed as her drafts are; a correction is no new filling.
 */

const SOURCE = "__last-saved";

/** @typedef {{owner: string, programme_id: string, form_id: string}} Whose */

/** @param {Whose} whose */
const keyOf = ({ owner, programme_id, form_id }) => `last:${owner}:${programme_id}:${form_id}`;

/** For the draft that begins; nothing when the instrument does not ask. @param {any} phone @param {any} pkg @param {Whose} whose */
export async function lastSaved(phone, pkg, whose) {
  if (!pkg.datasets?.[SOURCE]) return {};
  const key = keyOf(whose);
  const kept = (await phone.meta.get(key)) ?? {};
  // What was sealed with a key that is no longer here is as good as never filled.
  return { last_saved: kept.sealed ? await phone.vault.openJson(kept.sealed, "last", key).catch(() => ({})) : kept };
}

/** @param {any} phone @param {any} pkg @param {Whose & {parent_revision_id: string | null}} draft @param {Record<string, any>} answers */
export async function keepLast(phone, pkg, draft, answers) {
  const source = pkg.datasets?.[SOURCE];
  if (!source || draft.parent_revision_id) return;
  const key = keyOf(draft);
  const kept = only(answers, source.names);
  const { vault } = phone;
  await phone.meta.set(key, !vault || vault.state === "none" ? kept : { sealed: (await vault.sealJson(kept, "last", key)).buffer });
}

/** The answers of some names, where they stand. @param {Record<string, any>} answers @param {string[]} names @returns {Record<string, any>} */
function only(answers, names) {
  /** @type {Record<string, any>} */
  const kept = {};
  for (const [name, value] of Object.entries(answers)) {
    if (Array.isArray(value)) kept[name] = value.map((row) => only(row, names));
    else if (typeof value === "object") kept[name] = only(value, names);
    else if (names.includes(name)) kept[name] = value;
  }
  return kept;
}
