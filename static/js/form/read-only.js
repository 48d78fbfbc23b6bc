/** What a form shows of earlier answers, to be read and not answered: a line of words each; and what was answered to a row of them. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { readingOf } from "./amount.js";
import { inWords } from "./answers.js";
import { plain } from "./plain.js";

/** Kinds that words say whole. */
const SAID = /^(text|integer|decimal|date$|select)/;

/** The answer of a question that is only to be read; null: as its widget shows it. @param {import("./part.js").Field} field */
export function lineOf({ session, node, view }) {
  if (!SAID.test(node.type) || /\bmasked\b/.test(node.appearance ?? "")) return null;
  // A total that was worked out is where two noughts too many are seen. A choice is no amount, whatever its label speaks of.
  const reading = /^(integer|decimal)/.test(node.type) ? readingOf(node, view.value) : nothing;
  return html`<p class="q-value"><bdi>${inWords(session.form, view.path, node, view.value) || "–"}</bdi></p>${reading}`;
}

/**
 * The first choice made in a row whose name was given, in words, as the state of an action today; "" in a row that is named here.
 * @param {import("./session.js").Session} session @param {{path: string}} row
 */
export function chosenIn(session, row) {
  const views = session.form.children(row.path).map((path) => session.view(path));
  if (!views.find(({ node }) => node.type === "text")?.readonly) return "";
  const chosen = views.find(({ node, value, relevant, readonly }) => node.type === "select_one" && value && relevant && !readonly);
  return chosen ? plain(inWords(session.form, chosen.path, chosen.node, chosen.value)) : "";
}
