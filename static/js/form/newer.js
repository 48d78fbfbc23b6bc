/**
 * Offers a newer version of the form a draft is filled in, says before what would move and what would not, and shows afterwards
 * what is kept aside, with the way back. What moves where: move.js.
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { n, onLanguage, t } from "../core/i18n.js";
import { inWords } from "./answers.js";
import { asideList } from "./aside.js";
import { asideOf } from "./envelope.js";
import { moveAnswers, rowNames } from "./move.js";
import { isNewer } from "./newest.js";
import { openOverlay } from "./overlay.js";
import { plain } from "./plain.js";
import { explain, FormProblem } from "./problems.js";
import { readForm } from "./session.js";

/** @typedef {import("./move.js").Aside} Aside */

/** @param {import("./form-page.js").Page} page @param {HTMLElement} root @returns {() => void} */
export function attachNewer(page, root) {
  const { session } = page;
  const { draft, phone } = session;
  const notice = document.createElement("div");
  notice.className = "fill-notice";
  root.querySelector(".fill-body")?.before(notice);
  /** @type {import("../store/catalogue.js").InstrumentRow | null} */
  let newer = null;
  let isGone = false;

  async function look() {
    const rows = await phone.catalogue.instruments(draft.programme_id);
    newer = rows.find((/** @type {any} */ row) => isNewer(draft, row)) ?? null;
    if (!isGone) draw();
  }

  function draw() {
    const aside = asideOf(draft, session.form);
    render(html`${newer ? html`<aside class="newer" aria-label=${t("Version of the form")}>
        <p>${t("A newer version of this form is on the phone.")}</p>
        <div class="buttons"><button type="button" class="btn" @click=${() => offer(/** @type {any} */ (newer))}>${t("See what would move")}</button>
          <button type="button" class="quiet" @click=${stay}>${t("Stay with this one")}</button></div></aside>` : nothing}
      ${draft.moved_from || aside.length ? html`<details class="newer"><summary>${aside.length ? n("{n} answer kept aside", "{n} answers kept aside", aside.length) : t("Moved to the newer version")}</summary>
        ${asideList(aside)}
        <p>${t("What is kept aside goes with the form to the office.")}</p>
        ${draft.moved_from ? html`<button type="button" class="btn plain" @click=${goBack}>${t("Go back to the version before")}</button>` : nothing}</details>` : nothing}`, notice);
  }

  async function stay() {
    draft.stays = newer?.sha256;
    session.touch();
    newer = null;
    draw();
  }

  /** @param {import("../store/catalogue.js").InstrumentRow} row */
  async function offer(row) {
    const plan = await attempt(() => planned(session, row.sha256));
    if (!plan) return;
    const aside = asideOf(plan.moved, plan.form);
    const overlay = openOverlay({
      title: t("Move to the newer version"),
      className: "moving",
      draw: (close) => html`<p class="finish-state good">✓ ${n("{n} answer finds its place", "{n} answers find their place", plan.moved.kept)}</p>
        ${aside.length ? html`<h3>${n("{n} answer has no place there and is kept aside", "{n} answers have no place there and are kept aside", aside.length)}</h3>${asideList(aside)}` : nothing}
        <p>${t("Nothing is lost: what is kept aside goes with the form, and you can come back until you finish.")}</p>
        <div class="buttons"><button type="button" class="go" @click=${() => {
          overlay.close();
          addEventListener("popstate", () => void take(plan), { once: true });
        }}>${t("Move the answers")}</button>
        <button type="button" class="btn plain" @click=${close}>${t("Stay with this one")}</button></div>`,
    });
  }

  async function goBack() {
    const plan = await attempt(() => planned(session, draft.moved_from.form_sha256));
    if (plan) await take(plan);
  }

  /** @param {NonNullable<Awaited<ReturnType<typeof planned>>>} plan */
  async function take({ pkg, sha256, moved }) {
    const isBack = draft.moved_from?.form_sha256 === sha256;
    const done = await attempt(async () => {
      await session.replace({
        form_version: pkg.version, form_sha256: sha256, snapshot: moved.snapshot, aside: moved.aside,
        moved_from: isBack ? (draft.moved_from.before ?? null) : { form_version: draft.form_version, form_sha256: draft.form_sha256, before: draft.moved_from },
        question: moved.paths.get(draft.question) ?? "", place: { row: "", scroll: 0 },
      });
      return true;
    });
    if (done) page.reopen();
  }

  /** @template T @param {() => Promise<T>} work @returns {Promise<T | null>} */
  async function attempt(work) {
    try {
      return await work();
    } catch (error) {
      const { title, next } = explain(error);
      page.toast(`${title} ${next}`);
      return null;
    }
  }

  draw();
  void look();
  const stops = [onLanguage(draw), session.on(draw), phone.on((/** @type {{store: string}} */ { store }) => {
    if (store === "instruments" || store === "packages") void look();
  })];
  return () => {
    isGone = true;
    for (const stop of stops) stop();
  };
}

/** What moving to a version would give. @param {import("./session.js").Session} session @param {string} sha256 */
async function planned(session, sha256) {
  const { draft, phone } = session;
  const { programme_id } = draft;
  // A photo that is still being made smaller moves too.
  if (!(await session.flush())) throw new FormProblem("form.not_saved", {});
  const snapshot = session.form.snapshot();
  const [old, next] = await Promise.all([
    readForm(phone, { form_sha256: draft.form_sha256, programme_id, snapshot }), readForm(phone, { form_sha256: sha256, programme_id }),
  ]);
  const from = { pkg: old.pkg, sha256: draft.form_sha256, snapshot, ...describer(old.form, old.pkg) };
  const moved = moveAnswers(from, { pkg: next.pkg, snapshot: next.form.snapshot() }, draft.aside ?? []);
  const { form } = await readForm(phone, { form_sha256: sha256, programme_id, snapshot: moved.snapshot });
  form.setLanguage(/** @type {string} */ (form.pkg.languages.at(-1)));
  const hidden = moved.settle(rowNames(form), (path) => Boolean(form.view(path)?.relevant));
  return { pkg: next.pkg, sha256, form, moved: { ...moved, kept: moved.kept - hidden.length, aside: [...moved.aside, ...hidden] } };
}

/** Rows are named in the last of the languages, in every version. @param {import("../engine/form.js").Form} form @param {any} pkg @returns {Pick<import("./move.js").From, "describe" | "names">} */
function describer(form, pkg) {
  form.setLanguage(pkg.languages.at(-1));
  const names = rowNames(form);
  return {
    names,
    describe(given) {
      const found = given.map(({ question }) => {
        const [, repeat, number] = /^(.*)\[(\d+)\]/.exec(question) ?? [];
        return { label: {}, said: {}, relevant: form.view(question)?.relevant ?? false, row: repeat === undefined ? "" : (names(repeat)[Number(number) - 1] ?? "") };
      });
      for (const code of pkg.languages) {
        form.setLanguage(code);
        given.forEach(({ question, value }, i) => {
          const view = form.view(question);
          const { label, said } = /** @type {{label: Record<string, string>, said: Record<string, string>}} */ (found[i]);
          label[code] = plain(view?.label) || view?.node.name || question;
          said[code] = view && /^(select|rank)/.test(view.node.type) ? inWords(form, question, view.node, value) : value;
        });
      }
      return found;
    },
  };
}
