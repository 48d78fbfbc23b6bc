/**
 * One record: who it is, its last scores, what was agreed and what of it is late, its trainings, what was filled about it, and what
 * can be started from here. Everything is on the phone.
 */

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { formatDate, formatNumber, t } from "../core/i18n.js";
import { explain } from "../form/problems.js";
import { actionsOf, brief, choicesIn, themesFor, trainingsOf } from "./agreed.js";
import { icon } from "./icons.js";
import { begin, communesOf, instrumentsOf, pathOf, placeOf, propertiesOf, rowLabel, rowsOf, subjectPath } from "./instruments.js";
import { inTurn, placeAndName, progressBar, sectionTitle, topBar } from "./page.js";
import { scoreCard, shapeCard } from "./scores.js";
import { itemChip, itemLine, submissionChip } from "./states.js";
import { recordNames, tiedTo } from "./tied.js";
import { nameOf, said, since } from "./words.js";

const MOST_THEMES = 3;
/** Shown apart from the rest of the identity. */
const APART = new Set([
  "last_diag", "last_score", "last_level", "last_axes", "prev_diag", "prev_score", "prev_axes", "last_version", "prev_version", "train_themes", "last_visit", "next_visit",
]);

/**
 * @typedef {{name: string, label: string, section: string, value: unknown}} Fact
 * @typedef {import("./instruments.js").Opened & {pkg: any, path: string}} Start  path: where the form asks for this record
 */

/** @param {HTMLElement} host @param {import("./page.js").App} app @param {string[]} args  list, id @returns {import("./page.js").Page} */
export function openRecord(host, app, [list, id]) {
  const { phone } = app;
  const owner = app.person?.id ?? "";
  /** @type {any} */
  let record;
  let place = "";
  /** @type {any[]} */
  let drafts = [];
  /** @type {{item: any, receipt: any, submission: any}[]} */
  let sent = [];
  /** @type {Start[] | null} */
  let starts = null;
  /** @type {any[]} */
  let packages = [];
  /** Records of other lists that name it. @type {import("./tied.js").Tied[]} */
  let tied = [];
  /** @type {Map<string, string>} */
  let names = new Map();
  /** Rows of the lists that name it. @type {{actions: any[], trainings: any[]}} */
  let named = { actions: [], trainings: [] };
  /** Something that was said of it here has not reached the office. */
  let waits = false;
  /** @type {Fact[] | null} */
  let facts = null;
  /** @type {import("./instruments.js").Opened[]} */
  let instruments = [];
  /** @type {{title: string, next: string} | null} */
  let refusal = null;
  let closed = false;

  const refresh = inTurn(async () => {
    const [found, all, allDrafts, items, submissions] = await Promise.all([
      phone.catalogue.entity(list, id), instrumentsOf(app), phone.drafts.all(owner), phone.outbox.opened(), phone.catalogue.submissions(),
    ]);
    record = found ?? null;
    instruments = all;
    drafts = allDrafts.filter((/** @type {any} */ draft) => draft.subject?.id === id);
    const byId = new Map(submissions.map((/** @type {any} */ one) => [one.id, one]));
    const mine = items.filter((/** @type {any} */ item) => item.owner === owner && item.subject?.id === id);
    waits = items.some((/** @type {any} */ item) => item.state === "waiting" && item.entities?.some((/** @type {any} */ one) => one.id === id));
    const here = new Set(mine.map((/** @type {any} */ item) => item.submission_id));
    sent = await Promise.all(latest(mine).map(async (item) => ({ item, receipt: await phone.outbox.receipt(item.revision_id), submission: byId.get(item.submission_id) })));
    for (const one of submissions) if (one.subject_id === id && !here.has(one.id)) sent.push({ item: null, receipt: null, submission: one });
    if (record) place = placeOf(record, await communesOf(app, instruments));
    paint();
    await complete();
  });

  async function complete() {
    if (!record) return;
    const [actions, trainings, ...opened] = await Promise.all([
      phone.catalogue.entities("actions"), phone.catalogue.entities("trainings"),
      ...instruments.map(async (one) => ({ ...one, pkg: await phone.catalogue.package(one.instrument.sha256) })),
    ]);
    named = { actions, trainings: trainingsOf(trainings, id) };
    const here = opened.filter(({ pkg }) => pkg);
    packages = here.map(({ pkg }) => pkg);
    starts = here.flatMap(({ programme, instrument, pkg }) => {
      const path = instrument.is_open ? subjectPath(pkg, list) : null;
      return path ? [{ programme, instrument, pkg, path }] : [];
    });
    // Where something was agreed, one comes to see what became of it.
    if (actionsOf(named.actions, id, packages).open.length) starts.sort((a, b) => Number(movesActions(b.pkg)) - Number(movesActions(a.pkg)));
    /** @type {Map<string, () => Promise<Fact>>} */
    const found = new Map();
    for (const { instrument, pkg } of here) {
      for (const property of propertiesOf(pkg, list)) {
        const { name } = property;
        if (APART.has(name) || found.has(name) || !record[name]) continue;
        found.set(name, () => factOf(property, pkg, instrument));
      }
    }
    names = await recordNames(app, packages);
    facts = await Promise.all([...found.values()].map((one) => one()));
    tied = await tiedTo(app, here, id, ({ node, pkg, instrument }, value) => valueWords(value, node, pkg, instrument));
    paint();
  }

  /** @param {import("./instruments.js").Property} property @param {any} pkg @param {import("./instruments.js").Instrument} instrument @returns {Promise<Fact>} */
  async function factOf({ name, label, section, node }, pkg, instrument) {
    return { name, label: said(label) || name, section, value: await valueWords(record[name], node, pkg, instrument) };
  }

  /** A stored value as a person reads it. @param {string} value @param {any} node @param {any} pkg @param {import("./instruments.js").Instrument} instrument */
  async function valueWords(value, node, pkg, instrument) {
    const name = node.choices?.list ?? node.attributes?.list;
    if (name) {
      const inForm = pkg.lists?.[name];
      const rows = inForm
        ? new Map(inForm.map((/** @type {any} */ item) => [item.name, item]))
        : pkg.datasets?.[name]?.kind === "csv"
          ? await rowsOf(app, instrument.datasets?.[name] ?? pkg.datasets[name].sha256)
          : new Map();
      const codes = node.type.endsWith("multiple") ? value.split(" ") : [value];
      return codes.map((code) => (rows.has(code) ? rowLabel(rows.get(code)) : names.get(code) ?? code)).join(t(", "));
    }
    if (names.has(value.split(" ")[0])) return value.split(" ").map((one) => names.get(one) ?? one).join(t(", "));
    if (node.type === "date" || node.type === "today" || /^\d{4}-\d\d-\d\d$/.test(value)) return html`<bdi>${formatDate(value)}</bdi>`;
    if (node.type === "integer" || node.type === "decimal" || (node.type === "calculate" && /^-?\d{1,15}(\.\d+)?$/.test(value))) return html`<bdi>${node.name.endsWith("year") ? value : formatNumber(value)}</bdi>`;
    if (node.type === "geopoint") {
      const [lat, lon] = value.split(" ");
      return html`<a href="geo:${lat},${lon}"><bdi dir="ltr">${Number(lat).toFixed(5)}, ${Number(lon).toFixed(5)}</bdi></a>`;
    }
    if (/^\+?[0-9]{9,13}$/.test(value) && /phone|tel/.test(node.name)) return html`<a href="tel:${value}"><bdi dir="ltr">${value}</bdi></a>`;
    return html`<bdi>${value}</bdi>`;
  }

  /** @param {Start} one @param {Record<string, string>} [more] */
  async function start({ path, pkg, ...opened }, more = {}) {
    refusal = null;
    try {
      await begin(app, opened, { subject: { list, id }, values: { ...kindOf(pkg, list), [path]: id, ...more }, title: record.label });
    } catch (error) {
      refusal = explain(error);
      paint();
    }
  }

  /** @param {string} formId */
  const titleOf = (formId) => said(instruments.find(({ instrument }) => instrument.form_id === formId)?.instrument.title) || formId;

  function briefBlock() {
    const { open, closed } = actionsOf(named.actions, id, packages);
    const corrections = sent.flatMap(({ submission }) => (submission?.state === "has_issues" ? [{ title: titleOf(submission.form_id), text: submission.comment || submission.remarks?.[0]?.text || "" }] : []));
    return brief({ open, closed, lastVisit: record.last_visit ?? "", nextVisit: record.next_visit ?? "", corrections });
  }

  /** Trainings its people were in, and those that its weak axes ask for. */
  function trainingPart() {
    const themes = choicesIn(packages, "theme");
    const form = starts?.find(({ pkg }) => themesPath(pkg));
    const wanted = form ? themesFor(record, named.trainings).filter((code) => themes.has(code)).slice(0, MOST_THEMES) : [];
    if (!named.trainings.length && !wanted.length) return nothing;
    return html`<section aria-label=${t("Trainings")}>${sectionTitle(t("Trainings"), named.trainings.length)}<ul class="list">
      ${named.trainings.map((one) => html`<li class="card"><strong><bdi>${one.label}</bdi></strong><p>${[formatDate(one.date_start), ...themeWords(one.themes, themes)].map((part, i) => html`${i ? " · " : nothing}<bdi>${part}</bdi>`)}</p></li>`)}
      ${wanted.map((code) => html`<li><button class="start" type="button" @click=${() => form && start(form, { [themesPath(form.pkg) ?? ""]: code })}>
        <span class="sign">${icon("plus")}</span><span>${said(themes.get(code).label)}<span class="soft"><br />${t("a training that fits what is weak")}</span></span></button></li>`)}</ul></section>`;
  }

  function factList() {
    if (!facts) return html`<p class="soft" role="status">${t("Reading the record…")}</p>`;
    if (!facts.length) return html`<div class="empty"><span>${t("Only the name is known so far.")}</span></div>`;
    /** @type {Map<string, Fact[]>} */
    const sections = new Map();
    for (const fact of facts) sections.set(fact.section, [...(sections.get(fact.section) ?? []), fact]);
    // What stands alone would be a drawer with one thing in it.
    const alone = [...sections].filter(([, rows]) => rows.length === 1);
    for (const [section] of alone) sections.delete(section);
    if (alone.length) sections.set("", [...(sections.get("") ?? []), ...alone.flatMap(([, rows]) => rows)]);
    const largest = Math.max(...[...sections.values()].map((rows) => rows.length));
    return [...sections].map(([section, rows]) => {
      const list = html`<dl class="facts">${rows.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;
      return html`<details class="card" ?open=${rows.length === largest}><summary>${section || t("Other facts")}</summary>${list}</details>`;
    });
  }

  function body() {
    if (record === undefined) return html`<p class="soft" role="status">${t("Reading the record…")}</p>`;
    if (!record) {
      return html`<div class="empty"><strong>${t("This record is not on the phone")}</strong>
        <span>${t("It may belong to another area, or have been put away at the office.")}</span>
        <a class="btn" href="#/registry">${t("All the cooperatives")}</a></div>`;
    }
    return html`
      ${waits ? html`<p><span class="chip plain">${t("Waiting to be sent")}</span> <span class="soft">${t("What was written here is usable at once; the office does not have it yet.")}</span></p>` : nothing}
      <p class="soft">${placeAndName(place, record)}</p>
      ${refusal ? html`<div class="note asks" role="alert"><strong>${refusal.title}</strong><span>${refusal.next}</span></div>` : nothing}
      ${list === "cooperatives" ? scoreCard(record) : nothing}
      ${briefBlock()}
      ${drafts.length
        ? html`<section aria-label=${t("Drafts")}>${sectionTitle(t("Drafts"), drafts.length)}<ul class="list">${drafts.map((draft) => html`<li>
            <a class="card" href="#/form/${draft.id}"><strong>${titleOf(draft.form_id)}</strong>
              <p>${t("Last change: {time}", { time: since(draft.updated_at) })}</p>${progressBar(draft)}</a></li>`)}</ul></section>`
        : nothing}
      <section aria-label=${t("Start")}>${sectionTitle(t("Start"))}
        ${starts === null
          ? html`<p class="soft" role="status">${t("Reading the forms…")}</p>`
          : starts.length
            ? html`<ul class="list">${starts.map((one) => html`<li><button class="start" type="button" @click=${() => start(one)}>
                <span class="sign">${icon("plus")}</span><span>${said(one.instrument.title)}</span></button></li>`)}</ul>`
            : html`<div class="empty"><span>${t("No open form asks for this kind of record.")}</span></div>`}
      </section>
      ${shapeCard(record, packages)}
      ${trainingPart()}
      ${tied.map(({ list: of, title, rows }) => html`<section aria-label=${title}>${sectionTitle(title, rows.length)}<ul class="list">${rows.map(({ record: one, facts: words }) => html`<li>
        <a class="card" href="#/record/${of}/${one.name}"><strong><bdi>${nameOf(one)}</bdi></strong>${words.length ? html`<p>${words.map((word, i) => html`${i ? " · " : nothing}<bdi>${word}</bdi>`)}</p>` : nothing}</a></li>`)}</ul></section>`)}
      ${sent.length
        ? html`<section aria-label=${t("Forms about it")}>${sectionTitle(t("Forms about it"), sent.length)}<ul class="list">${sent.map(sentCard)}</ul></section>`
        : nothing}
      <section aria-label=${t("Identity")}>${sectionTitle(t("Identity"))}${factList()}</section>`;
  }

  /** @param {{item: any, receipt: any, submission: any}} one */
  function sentCard({ item, receipt, submission }) {
    const inside = html`<div class="row"><strong>${titleOf(item?.form_id ?? submission.form_id)}</strong>${item ? itemChip(item, submission) : submissionChip(submission)}</div>
      ${item ? html`<p>${itemLine(item, receipt)}</p>` : nothing}`;
    return html`<li>${item ? html`<a class="card" href="#/summary/${item.revision_id}">${inside}</a>` : html`<div class="card">${inside}</div>`}</li>`;
  }

  function paint() {
    if (closed) return;
    render(html`${topBar(app, { title: record ? nameOf(record) : t("Record"), back: true })}
      <main class="content" id="content" tabindex="-1">${body()}</main>`, host);
  }

  paint();
  const stop = phone.on((/** @type {{store?: string}} */ change) => change.store !== "chunks" && void refresh());
  return {
    title: t("Record"),
    ready: refresh(),
    close() {
      closed = true;
      stop();
    },
  };
}

/** Whether a form moves the state of actions. @param {any} pkg */
const movesActions = (pkg) => (pkg.entities ?? []).some((/** @type {any} */ rule) => rule.list === "actions" && rule.id !== undefined);

/** Path of the question about the themes of a training. @param {any} pkg @returns {string | null} */
function themesPath(pkg) {
  const node = pkg.nodes.find((/** @type {any} */ { save_to }) => save_to === "trainings#themes");
  return node ? pathOf(pkg, node) : null;
}

/** The answer to "a cooperative or a group?", in a form that asks it. @param {any} pkg @param {string} list @returns {Record<string, string>} */
function kindOf(pkg, list) {
  const node = pkg.nodes.find((/** @type {any} */ one) => one.choices?.list === "register_kind");
  const path = node && pathOf(pkg, node);
  return path ? { [path]: list } : {};
}

/** @param {string | undefined} codes @param {Map<string, any>} themes @returns {string[]} */
const themeWords = (codes, themes) => (codes ?? "").split(" ").flatMap((code) => (themes.has(code) ? [said(themes.get(code).label)] : []));

/** The last revision of each submission. @param {any[]} items */
function latest(items) {
  /** @type {Map<string, any>} */
  const bySubmission = new Map();
  for (const item of items) {
    const other = bySubmission.get(item.submission_id);
    if (!other || other.finished_at < item.finished_at) bySubmission.set(item.submission_id, item);
  }
  return [...bySubmission.values()];
}
