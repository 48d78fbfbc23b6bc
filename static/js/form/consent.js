/**
 * The consent texts name who answers for the data: tokens such as {{responsible_org}} stand in labels and are filled
 * from the programme's settings, in each language.
 */

const TOKEN = /\{\{\s*([a-z_]+)\s*\}\}/g;
const TEXTS = ["label", "hint", "guidance"];

/**
 * @param {any} programme @param {string} token @param {string} code
 * @returns {string}
 */
function setting(programme, token, code) {
  const value = programme?.consent?.[token] ?? (token === "programme_name" ? programme?.name : undefined);
  const text = value !== null && typeof value === "object" ? value[code] : value;
  return text === undefined || text === null ? "" : String(text).trim();
}

/** Every string of every text of the package's questions. @param {any} pkg @param {(text: string, code: string) => string} change @returns {any} */
function mapTexts(pkg, change) {
  const part = (/** @type {any} */ value, /** @type {string} */ code) => Array.isArray(value)
    ? value.map((one) => (typeof one === "string" ? change(one, code) : one))
    : change(value, code);
  const nodes = pkg.nodes.map((/** @type {any} */ node) => {
    const copy = { ...node };
    for (const key of TEXTS) {
      if (!node[key]) continue;
      copy[key] = Object.fromEntries(Object.entries(node[key]).map(([code, value]) => [code, part(value, code)]));
    }
    return copy;
  });
  return { ...pkg, nodes };
}

/** Asked at each opening of a form, so nothing is copied for it. @param {any} pkg */
function hasTokens(pkg) {
  for (const node of pkg.nodes) {
    for (const key of TEXTS) {
      for (const code in node[key]) {
        const part = node[key][code];
        if (typeof part === "string" ? part.includes("{{") : part.some((/** @type {any} */ one) => typeof one === "string" && one.includes("{{"))) return true;
      }
    }
  }
  return false;
}

/** The settings an instrument that stores names needs and the programme lacks. @param {any} pkg @param {any} programme @returns {string[]} */
export function missingConsent(pkg, programme) {
  if (!pkg.uses_names) return [];
  const missing = new Set();
  for (const code of pkg.languages) if (!setting(programme, "responsible_org", code)) missing.add("responsible_org");
  mapTexts(pkg, (text, code) => {
    for (const [, token] of text.matchAll(TOKEN)) if (!setting(programme, token, code)) missing.add(token);
    return text;
  });
  return [...missing].sort();
}

/**
 * The package with its tokens filled, and `consent`: what with, for the form says which text was read. The same object where there are
 * no tokens.
 *
 * @param {any} pkg @param {any} programme @returns {any}
 */
export function withConsent(pkg, programme) {
  if (!hasTokens(pkg)) return pkg;
  /** @type {Record<string, Record<string, string>>} */
  const consent = {};
  const filled = mapTexts(pkg, (text, code) => text.replace(TOKEN, (whole, token) => {
    const said = setting(programme, token, code);
    if (said) (consent[token] ??= {})[code] = said;
    return said || whole;
  }));
  return { ...filled, consent };
}
