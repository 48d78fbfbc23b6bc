/**
 * A long list of choices, on a page of its own with a search that forgives hamza, ta marbuta and accents and hears names across scripts. Only what can be
 * looked at is drawn: the list of communes has 1,503 lines.
 */

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { repeat } from "../../../vendor/lit-html/directives/repeat.js";
import { createSearch } from "../../core/find.js";
import { language, n, t } from "../../core/i18n.js";
import { openOverlay } from "../overlay.js";
import { codes, toggled } from "./select-multiple.js";

const PAGE = 60;

/**
 * @param {import("../part.js").Field} field
 * @param {(field: import("../part.js").Field, choice: Choice, redraw: () => void) => unknown} [picture]  of a choice, where the list has any
 */
export function listWidget(field, picture) {
  const { view, node } = field;
  const several = node.type === "select_multiple";
  const chosen = several ? codes(view.value) : view.value ? [view.value] : [];
  const labels = chosen.length ? labelsOf(field, chosen) : [];
  return html`<button type="button" id=${field.inputId} class=${chosen.length ? "input picker" : "input picker blank"} ?disabled=${view.readonly}
      aria-haspopup="dialog" aria-labelledby="${field.labelId} ${field.inputId}" aria-describedby=${field.describedBy} aria-invalid=${field.invalid}
      @click=${() => pick(field, several, picture)}>
      <span>${chosen.length ? labels.map(({ label, lost }, index) => html`${index ? t(", ") : nothing}<bdi class=${lost ? "lost" : ""}>${field.rich(label)}</bdi>`) : t("Choose from the list")}</span>
      <span class="chevron" aria-hidden="true"></span></button>`;
}

/** @param {import("../part.js").Field} field @param {string[]} chosen */
function labelsOf(field, chosen) {
  const byValue = new Map(field.choices().map((choice) => [choice.value, choice]));
  return chosen.map((value) => byValue.get(value) ?? { label: value, lost: false });
}

/** Records by their names, as nobody knows the order they were made in; a list of the form stands as its author wrote it. @param {any} pkg @param {any} node @param {Choice[]} choices */
export function byName(pkg, node, choices) {
  const { compare } = new Intl.Collator(language());
  return pkg.datasets?.[node.choices.list]?.kind === "entities" ? choices.sort((a, b) => compare(a.label, b.label)) : choices;
}

/** @param {import("../part.js").Field} field @param {boolean} several @param {Parameters<typeof listWidget>[1]} picture */
function pick(field, several, picture) {
  chooseFrom({
    picture: picture && ((choice, redraw) => picture(field, choice, redraw)),
    title: field.plainLabel,
    choices: byName(field.session.pkg, field.node, field.choices()),
    where: whereIn(field.session),
    rich: field.rich,
    several,
    value: () => field.view.value,
    choose: (value, choices) => field.set(several ? toggled(field.view.value, value, choices) : value, several ? { several: true } : { done: true }),
    clear: field.mayClear ? () => field.set("", { done: true }) : undefined,
    onClose: field.leave,
  });
}

/**
 * @typedef {{value: string, label: string, item?: Record<string, string>, lost?: boolean}} Choice
 * @param {{title: string, choices: Choice[], several?: boolean, value: () => string, onClose?: () => void,
 *   choose: (value: string, choices: Choice[]) => void, clear?: () => void, where?: (choice: Choice) => string, rich?: (label: string) => unknown, picture?: (choice: Choice, redraw: () => void) => unknown}} options
 */
export function chooseFrom({ title, choices, several = false, value, choose, clear, picture, rich, where = () => "", onClose }) {
  const search = createSearch(choices, (choice) => [choice.label, ...texts(choice.item), where(choice)].join(" | "));
  // A keyboard that jumps up would hide half of a short list. The dialog opens on the field: moved there later, the focus is laid out twice.
  const hasManyChoices = choices.length > 20;
  let query = "";
  let shown = PAGE;
  const overlay = openOverlay({
    title,
    className: "picking",
    onClose,
    draw(close) {
      const found = search.find(query);
      const chosen = new Set(several ? codes(value()) : [value()]);
      const tap = (/** @type {string} */ one) => {
        choose(one, choices);
        if (several) overlay.redraw();
        else close();
      };
      return html`
        ${choices.length > 8
          ? html`<div class="picker-search"><input class="input" type="search" dir="auto" autocomplete="off" placeholder=${t("Search")} aria-label=${t("Search")} ?autofocus=${hasManyChoices}
              @input=${(/** @type {any} */ event) => {
                query = event.target.value;
                shown = PAGE;
                overlay.redraw();
              }} /></div>`
          : nothing}
        <p class="count" role="status">${found.length && (query || choices.length > 8) ? n("{n} choice", "{n} choices", found.length) : nothing}</p>
        ${found.length ? nothing : html`<p class="q-note">${query ? t("Nothing matches: try another spelling, or fewer letters.") : t("No choice yet: an earlier answer decides.")}</p>`}
        <ul class="choice-list" role="listbox" aria-multiselectable=${several} aria-label=${title}>
          ${repeat(found.slice(0, shown), (choice) => choice.value, (choice) => html`<li role="none">
            <button type="button" role="option" data-value=${choice.value} class=${chosen.has(choice.value) ? "choice on" : "choice"} aria-selected=${chosen.has(choice.value)}
              @click=${() => tap(choice.value)}><span class=${several ? "mark square" : "mark"} aria-hidden="true"></span>
              <span>${picture?.(choice, () => overlay.redraw())}<bdi class=${choice.lost ? "lost" : ""}>${rich && typeof choice.item?.label === "object" ? rich(choice.label) : choice.label}</bdi>${secondLine(choice, where(choice))}</span></button></li>`)}
        </ul>
        ${found.length > shown
          ? html`<button type="button" class="btn plain" @click=${() => {
              shown += 4 * PAGE;
              overlay.redraw();
            }}>${n("Show {n} more", "Show {n} more", found.length - shown)}</button>`
          : nothing}
        ${several
          ? html`<footer class="overlay-foot"><button type="button" class="go" @click=${close}>${t("Done")}</button></footer>`
          : clear && value()
            ? html`<footer class="overlay-foot"><button type="button" class="btn plain" @click=${() => {
                clear();
                close();
              }}>${t("Clear the answer")}</button></footer>`
            : nothing}`;
    },
  });
}

/** Both languages and other spellings find an item. @param {Record<string, any> | undefined} item  its label by language in a list of the form */
function texts(item) {
  if (!item) return [];
  return Object.entries({ ...item, ...(typeof item.label === "object" && item.label) }).filter(([key, value]) => typeof value === "string" && !/^(name|__|geometry)|_code$|version/.test(key)).map(([, value]) => value);
}

/** The name in the other language, when the item has one: places are known by either. @param {Choice} choice @param {string} where */
function secondLine({ label, item }, where) {
  const other = [item?.label_fr, item?.label_ar, item?.label, where].find((text) => typeof text === "string" && text && !text.includes(label));
  return other ? html`<small><bdi>${other}</bdi></small>` : nothing;
}

/** What tells records of one name apart: whose they are, else their commune. @param {import("../session.js").Session} session @returns {(choice: Choice) => string} */
export function whereIn({ pkg, lists }) {
  /** @type {Map<string, any> | undefined} */
  let known;
  return ({ item = {} }) => {
    known ??= new Map(Object.keys(lists).flatMap((list) => (list === "communes" || pkg.datasets?.[list]?.kind === "entities" ? lists[list].map((row) => [row.name, row]) : [])));
    const row = known.get(item.coop) ?? known.get(item.grp) ?? known.get(item.commune ?? item[Object.keys(item).find((name) => name.endsWith("_commune")) ?? ""]);
    return row ? row[`label_${language()}`] || row.label : "";
  };
}
