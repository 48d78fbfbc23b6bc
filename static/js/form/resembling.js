/**
 * Says, while a record is being registered, which record of the phone it resembles, and leads there. It never blocks: two
 * cooperatives may bear one name.
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { onLanguage, t } from "../core/i18n.js";
import { reportError } from "../core/events.js";
import { Problem } from "../core/problem.js";
import { alikeTo, namesOf } from "./alike.js";

/** Lists of what exists once, whoever writes it down; and how many words of a name two must share. @type {Record<string, number>} */
const LISTS = { cooperatives: 1, groups: 1, premises: 1, persons: 2 };
/** Records made ready at a time, so that typing is never held up. */
const SLICE = 200;
/** Above that many they are folded. */
const MOST_OPEN = 2;

/** @typedef {import("./alike.js").Alike & {list: string, made: string}} Found  made: the name that was typed */

/** @param {import("./form-page.js").Page} page @param {HTMLElement} root @returns {() => void} */
export function attachResembling(page, root) {
  const { session } = page;
  const { draft, phone } = session;
  const lists = Object.keys(LISTS).filter((list) => session.pkg.entities?.some((/** @type {any} */ rule) => rule.list === list && rule.label !== undefined));
  if (!lists.length) return () => {};
  const notice = document.createElement("div");
  notice.className = "fill-notice";
  notice.setAttribute("role", "status");
  root.querySelector(".fill-body")?.before(notice);
  /** @type {Found[]} */
  let found = [];
  let asked = "";
  let isGone = false;
  /** One look at a time; what changed meanwhile is looked at next. */
  let looking = false;

  async function look() {
    if (looking || isGone) return;
    looking = true;
    try {
      for (;;) {
        const made = session.form.entities().filter(({ action, list, label }) => action === "create" && lists.includes(list) && label);
        const question = JSON.stringify(made.map(({ list, label, data }) => [list, label, data.commune, data.gp_commune, data.pr_commune, data.coop, data.geometry, data.phone, data.pres_phone, data.ice, data.coop_name_fr]));
        if (question === asked || isGone) return;
        asked = question;
        found = await resembling(made);
        if (!isGone) draw();
      }
    } finally {
      looking = false;
    }
  }

  /** @param {import("../engine/results.js").Entity[]} made @returns {Promise<Found[]>} */
  async function resembling(made) {
    const others = new Set(draft.other_than ?? []);
    /** @type {Found[]} */
    const all = [];
    for (const list of new Set(made.map((one) => one.list))) {
      const records = await phone.catalogue.entities(list, draft.programme_id);
      for (let at = 0; at < records.length && !isGone; at += SLICE) {
        records.slice(at, at + SLICE).forEach(namesOf);
        await new Promise((resolve) => setTimeout(resolve));
      }
      for (const one of made) {
        if (one.list !== list) continue;
        const like = alikeTo({ ...one.data, name: one.id, label: one.label }, records, { byWords: LISTS[list] });
        all.push(...like.filter(({ record }) => !others.has(record.name)).map((each) => ({ ...each, list, made: one.label })));
      }
    }
    return all;
  }

  function draw() {
    const several = new Set(found.map(({ made }) => made)).size > 1;
    const entries = html`<ul>${found.map(({ record, why, metres, list, made }) => html`<li>
        <a href="#/record/${list}/${record.name}"><bdi>${record.label}</bdi>${record.coop_name_fr && record.coop_name_fr !== record.label ? html` · <bdi lang="fr">${record.coop_name_fr}</bdi>` : nothing}</a>
        <small>${several ? html`<bdi>${made}</bdi> · ` : nothing}${reason(why, metres)}</small></li>`)}</ul>
      <p>${t("If it is the same, open it: this form stays among the drafts.")}</p>
      <button type="button" class="btn plain" @click=${isAnother}>${t("It is another one")}</button>`;
    const title = t("Perhaps registered already");
    // Of a session with 25 people it must not push the table away.
    render(found.length ? html`<aside class="resembling" aria-label=${title}>${found.length > MOST_OPEN
      ? html`<details><summary><b>${title}</b> (<bdi>${found.length}</bdi>)</summary>${entries}</details>`
      : html`<p><b>${title}</b></p>${entries}`}</aside>` : nothing, notice);
  }

  function isAnother() {
    draft.other_than = [...new Set([...(draft.other_than ?? []), ...found.map(({ record }) => record.name)])];
    found = [];
    session.touch();
    draw();
  }

  // After each save: what was typed is on the disk by then, and a hand is between two words.
  // A phone that was locked meanwhile shows no form any more: there is nothing to say.
  const watch = () => void look().catch((error) => error instanceof Problem || reportError(error));
  const stops = [session.on((what) => what === "state" && session.state === "saved" && watch()), onLanguage(draw)];
  watch();
  return () => {
    isGone = true;
    for (const stop of stops) stop();
  };
}

/** @param {import("./alike.js").Why} why @param {number} metres */
function reason(why, metres) {
  if (why === "number") return t("the same number");
  return why === "near" ? t("{metres} m from this place", { metres }) : t("a name that sounds the same");
}
