/**
 * What `last-saved#` reads: answers of the form of the same instrument that the same person finished before on this phone. Only those that
 * the instrument asks for are kept; a correction is no new filling.
 */

const SOURCE = "__last-saved";

/** @typedef {{owner: string, programme_id: string, form_id: string}} Whose */

/** @param {Whose} whose */
const keyOf = ({ owner, programme_id, form_id }) => `last:${owner}:${programme_id}:${form_id}`;

/** For the draft that begins; nothing when the instrument does not ask. @param {any} phone @param {any} pkg @param {Whose} whose */
export const lastSaved = async (phone, pkg, whose) => (pkg.datasets?.[SOURCE] ? { last_saved: (await phone.meta.get(keyOf(whose))) ?? {} } : {});

/** @param {any} phone @param {any} pkg @param {Whose & {parent_revision_id: string | null}} draft @param {Record<string, any>} answers */
export async function keepLast(phone, pkg, draft, answers) {
  const source = pkg.datasets?.[SOURCE];
  if (source && !draft.parent_revision_id) await phone.meta.set(keyOf(draft), only(answers, source.names));
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
