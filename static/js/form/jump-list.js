/** The table of sections: where one is, what is complete, what is missing; also the language and the way out. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { language, n, setLanguage, t } from "../core/i18n.js";
import { openOverlay } from "./overlay.js";
import { plain } from "./plain.js";

/** @param {import("./form-page.js").Page} page */
export function openJumpList(page) {
  const { session } = page;
  const states = sectionStates(page);
  const here = page.place();
  const other = session.pkg.languages.find((/** @type {string} */ code) => code !== language() && (code === "ar" || code === "fr"));
  const jump = (/** @type {string} */ section) => {
    overlay.leave();
    page.go({ section, row: "" }, { replace: true });
  };
  const overlay = openOverlay({
    title: t("Sections"),
    className: "jump",
    draw: () => html`
      <ol class="jump-list">
        ${states.map(({ section, state, text, remark }, index) => html`<li>
          <button type="button" class=${`jump-item ${state}${section.path === here.section ? " here" : ""}`} aria-current=${section.path === here.section ? "step" : "false"} @click=${() => jump(section.path)}>
            <bdi class="jump-number">${state === "complete" ? "✓" : index + 1}</bdi>
            <span class="jump-name">${sectionName(page.sections(), section)}${section.kind === "loose" ? nothing : page.second(section.path, session.view(section.path).node.label)}</span>
            <span class="jump-state">${remark ? html`<span class="chip asks">${t("Remark")}</span> ` : nothing}${text}</span>
          </button></li>`)}
        <li><button type="button" class=${here.section === "@end" ? "jump-item here" : "jump-item"} @click=${() => jump("@end")}>
          <bdi class="jump-number">${states.length + 1}</bdi><span class="jump-name">${t("Check and finish")}</span><span class="jump-state"></span></button></li>
      </ol>
      <div class="jump-more">
        <button type="button" class="btn plain" @click=${() => {
          page.judgeAll();
          jump("@end");
        }}>${t("Show what is missing")}</button>
        ${other ? html`
          <button type="button" class="btn plain" lang=${other} @click=${() => {
            overlay.close();
            setLanguage(/** @type {"ar" | "fr"} */ (other));
          }}>${other === "fr" ? "Français" : "العربية"}</button>
          <label class="switch"><input type="checkbox" .checked=${page.showsSecond()} @change=${(/** @type {any} */ event) => page.setSecond(event.target.checked)} />
            <span>${other === "fr" ? t("Show French under the questions") : t("Show Arabic under the questions")}</span></label>` : nothing}
        <button type="button" class="btn plain" @click=${() => {
          overlay.leave();
          history.back();
          addEventListener("popstate", () => page.exit(), { once: true });
        }}>${t("Leave, the draft is kept")}</button>
      </div>`,
  });
}

/**
 * Questions that stand alone between groups have no name of their own.
 * @param {import("./form-page.js").Section[]} all @param {import("./form-page.js").Section} section
 */
export function sectionName(all, section) {
  return plain(section.label) || (all[all.length - 1]?.path === section.path ? t("Closing") : t("General questions"));
}

/** @param {import("./form-page.js").Page} page */
export function sectionStates(page) {
  const { session } = page;
  const problems = session.problems();
  return page.sections().map((section) => {
    const own = problems.filter((problem) => problem.section === section.path);
    const missing = own.filter(({ kind }) => kind === "required").length;
    const wrong = own.length - missing;
    const remark = session.remarks.some(({ question }) => question && (question === section.path || question.startsWith(`${section.path}/`) || question.startsWith(`${section.path}[`)));
    if (wrong) return { section, remark, state: "wrong", text: n("{n} answer to correct", "{n} answers to correct", wrong) };
    if (section.answered === 0 && section.total > 0) return { section, remark, state: "blank", text: missing ? t("not begun") : t("optional") };
    if (missing) return { section, remark, state: "missing", text: n("{n} missing", "{n} missing", missing) };
    if (section.total && section.answered < section.total) return { section, remark, state: "open", text: t("{done} of {all}", { done: section.answered, all: section.total }) };
    if (!section.total) return { section, remark, state: "none", text: "" };
    return { section, remark, state: "complete", text: t("complete") };
  });
}
