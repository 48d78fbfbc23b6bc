import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { language, setLanguage, t } from "./i18n.js";

/** Templates that many pages need. Text reaches the page only as text: no innerHTML, no markup from data but the subset here. */

/**
 * A text with its `{name}` places filled by templates: fill(t("Received {time}"), { time: html`<bdi>18:42</bdi>` }).
 *
 * @param {string} text  from t() without values
 * @param {Record<string, unknown>} values
 * @returns {unknown[]}
 */
export function fill(text, values) {
  return text.split(/\{(\w+)\}/).map((part, i) => (i % 2 ? (values[part] ?? `{${part}}`) : part));
}

const INLINE = /\\([\\*_#[\]])|\*\*([^*]+)\*\*|__([^_]+)__|\*([^*\s][^*]*)\*|(?<![\p{L}\p{N}_])_([^_\s][^_]*)_(?![\p{L}\p{N}_])|\[([^\]]+)\]\([^)\s]*\)|<\/?(?:span|b|strong|i|em|p|br)\b[^<>]*>/u;

/**
 * The markdown that XLSForm labels use, as a template: **bold**, *italic*, # headings, line breaks. Of a link only its words
 * stay (the phone is offline), and of tags nothing.
 *
 * @param {string} text
 * @returns {unknown}
 */
export function markdown(text) {
  if (!/[*_#\\[<\n]/.test(text)) return text;
  return text
    .replace(/<br\s*\/?>/g, "\n")
    .split("\n")
    .map((line, i) => {
      const heading = /^#{1,6}\s+(.*)$/.exec(line);
      return html`${i ? html`<br />` : nothing}${heading ? html`<strong>${inline(heading[1])}</strong>` : inline(line)}`;
    });
}

/** @param {string} text @returns {unknown[]} */
function inline(text) {
  /** @type {unknown[]} */
  const out = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    const [whole, escaped, bold, bold2, italic, italic2, link] = found;
    if (found.index) out.push(rest.slice(0, found.index));
    if (escaped) out.push(escaped);
    else if (bold || bold2) out.push(html`<strong>${inline(bold || bold2)}</strong>`);
    else if (italic || italic2) out.push(html`<em>${inline(italic || italic2)}</em>`);
    else if (link) out.push(...inline(link));
    rest = rest.slice(found.index + whole.length);
  }
  if (rest) out.push(rest);
  return out;
}

/** The other language, by its own name. Painting follows from the change of language. */
export function languageSwitch() {
  const other = language() === "ar" ? "fr" : "ar";
  return html`<button class="pill" type="button" lang=${other} @click=${() => setLanguage(other)}>${other === "fr" ? "Français" : "العربية"}</button>`;
}

/** Shows what is written in the fields of its form that are `.secret`, and hides it again. */
export const showButton = () => html`<button class="pill" type="button" aria-pressed="false" @click=${turnSecrets}>${t("Show what is written")}</button>`;

/** @param {any} event */
function turnSecrets({ currentTarget: button }) {
  const shown = button.ariaPressed === "false";
  button.ariaPressed = shown;
  for (const field of button.form.querySelectorAll(".secret")) field.type = shown ? "text" : "password";
}
