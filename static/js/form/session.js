/**
 * One draft being filled: the engine's form, kept on the phone at every answer, until it is finished.
 * It draws nothing. The page asks it to change answers and shows its state; "saved" is said only after the store's
 * transaction completed and nothing newer waits.
 *
 * @typedef {import("../engine/form.js").Form} Form
 * @typedef {import("../engine/form.js").Change} Change
 * @typedef {{id: string, question: string | null, text: string, author: any, at: string, was?: string}} Remark
 *   was: the answer that was remarked upon
 * @typedef {{name: string, question: string, sha256: string, size: number, type: string, at_office?: boolean}} DraftFile
 * @typedef {{section: string, row: string, question: string, scroll: number}} Position
 * @typedef {"saving" | "saved" | "failed"} SaveState
 * @typedef {object} StartOptions
 * @property {{form_id: string, version: string, sha256: string}} instrument  a row of catalogue.instruments()
 * @property {{id: string, name?: any, consent?: any}} programme
 * @property {{list: string, id: string} | null} [subject]  the record it is about
 * @property {{id: string}} person  who fills it
 * @property {Record<string, string>} [values]  set once on the new form, as if typed
 * @property {string} [title]  what the list of drafts calls it until the form has a name of its own
 */

import { createForm } from "../engine/form.js";
import { minutesEast } from "../core/clock.js";
import { newId } from "../core/ids.js";
import { language } from "../core/i18n.js";
import { Problem } from "../core/problem.js";
import { missingConsent, withConsent } from "./consent.js";
import { baseOf, buildEnvelope, outboxItem } from "./envelope.js";
import { FormProblem } from "./problems.js";
import { ensureWidgets } from "./second.js";
import { isOutside, prefillPlaces, territoriesOf } from "./territory.js";
import { standsOpen, untouchedRows } from "./untouched.js";
import { auditOf, given } from "./widgets/index.js";

const TYPING_MS = 300;
// A tap is painted before its answer is written.
const CHOICE_MS = 30;
const RETRY_MS = 3000;
const HAND_OVER_MS = 2000;

/**
 * Makes a draft and returns its id. Refuses an instrument that stores names where nobody has said who answers for them.
 * @param {any} phone @param {StartOptions} options @returns {Promise<string>}
 */
export async function startDraft(phone, { instrument, programme, subject = null, person, values = {}, title = "" }) {
  const pkg = await packageOf(phone, instrument.sha256);
  const missing = missingConsent(pkg, programme);
  if (missing.length) throw new FormProblem("form.consent_missing", { missing });
  const now = new Date().toISOString();
  const draft = {
    id: newId(), owner: person.id, form_id: pkg.form_id, form_version: pkg.version, form_sha256: instrument.sha256,
    programme_id: programme.id, submission_id: newId(), parent_revision_id: null, subject, snapshot: null, values,
    section: "", question: "", progress: 0, title, created_at: now, updated_at: now, remarks: [], files: [],
    encryption: "none",
  };
  await phone.drafts.save({ ...draft, ...(await given()?.lastSaved(phone, pkg, draft)) });
  return draft.id;
}

/**
 * Opens what the office sent back as a new draft: same submission, the answers of its last revision, the remarks.
 * @param {any} phone
 * @param {{submission: {id: string, programme_id: string, subject_id?: string | null, revision_id: string, envelope: string, remarks?: Remark[], comment?: string}, person: {id: string}, question?: string}} options
 *   question: path of the one to open first
 * @returns {Promise<string>}
 */
export async function startCorrection(phone, { submission, person, question = "" }) {
  const drafts = await phone.drafts.all(person.id);
  const begun = drafts.find((/** @type {any} */ draft) => draft.parent_revision_id === submission.revision_id);
  if (begun) {
    if (question) await phone.drafts.save({ ...begun, go_to: question });
    return begun.id;
  }
  const envelope = JSON.parse(submission.envelope);
  await packageOf(phone, envelope.form_sha256);
  const now = new Date().toISOString();
  const remarks = [...(submission.remarks ?? [])];
  if (submission.comment) remarks.unshift({ id: "", question: null, text: submission.comment, author: null, at: "" });
  const draft = {
    id: newId(), owner: person.id, form_id: envelope.form_id, form_version: envelope.form_version,
    // The office may have filed it under another number, in another programme, about another record.
    form_sha256: envelope.form_sha256, programme_id: submission.programme_id, submission_id: submission.id,
    parent_revision_id: submission.revision_id, subject: envelope.subject && { ...envelope.subject, id: submission.subject_id ?? envelope.subject.id }, snapshot: null, answers: envelope.answers,
    section: "", question: "", progress: 0, title: envelope.title, created_at: now, updated_at: now, remarks, aside: envelope.aside,
    files: envelope.attachments.map((/** @type {any} */ file) => ({ ...file, at_office: true })), encryption: "none", go_to: question,
  };
  await phone.drafts.save(draft);
  return draft.id;
}

/** @param {any} phone @param {string} sha256 @returns {Promise<any>} */
export async function packageOf(phone, sha256) {
  const pkg = await phone.catalogue.package(sha256);
  if (!pkg) throw new FormProblem("form.not_here", {});
  await ensureWidgets(pkg);
  return pkg;
}

/**
 * The rows of every secondary instance the package reads. A list that is not on the phone is empty: the rest of the
 * form can be filled.
 * @param {any} phone @param {any} pkg @param {string} programmeId @returns {Promise<Record<string, any[]>>}
 */
export async function datasetsOf(phone, pkg, programmeId) {
  if (!Object.keys(pkg.datasets ?? {}).length) return {};
  const instruments = await phone.catalogue.instruments(programmeId);
  const row = instruments.find((/** @type {any} */ one) => one.form_id === pkg.form_id && one.version === pkg.version);
  const found = await Promise.all(Object.entries(pkg.datasets ?? {}).map(async ([name, source]) => {
    if (source.kind === "last-saved") return [name, []];
    if (source.kind === "entities") return [name, await phone.catalogue.entities(name, programmeId)];
    const rows = (await phone.catalogue.dataset(row?.datasets?.[name] ?? source.sha256)) ?? [];
    return [name, source.kind === "xml" && rows.length ? JSON.parse(rows[0].xml) : rows];
  }));
  return Object.fromEntries(found);
}

/**
 * Everything createForm() wants of this phone.
 * @param {any} pkg @param {Record<string, any[]>} datasets @param {{username?: string, deviceid?: string, email?: string, phonenumber?: string}} meta
 */
export function formContext(pkg, datasets, meta) {
  return {
    datasets,
    now: () => Date.now(),
    offset: minutesEast,
    random: () => Math.random(),
    uuid: () => crypto.randomUUID(),
    meta,
    language: pkg.languages.includes(language()) ? language() : pkg.languages[0],
  };
}

/**
 * Loads a draft and keeps it: answers restored, lock held.
 * @param {any} phone @param {string} id @param {{take?: boolean}} [options]  take: this window takes over from another
 * @returns {Promise<Session>}
 */
export async function openDraft(phone, id, { take = false } = {}) {
  const [lock, device, person] = await Promise.all([holdDraft(id, take), phone.meta.get("device"), phone.meta.get("person")]);
  try {
    const draft = await phone.drafts.get(id);
    // A shared phone: "back" and old addresses do not lead to what another person writes.
    if (!draft || (person && draft.owner !== person.id)) throw new FormProblem("form.no_draft", {});
    if (!lock) throw new FormProblem("form.open_elsewhere", {});
    const [pkg, programme] = await Promise.all([packageOf(phone, draft.form_sha256), phone.catalogue.programme(draft.programme_id)]);
    const datasets = await datasetsOf(phone, pkg, draft.programme_id);
    if (draft.last_saved) datasets["__last-saved"] = draft.last_saved;
    const shown = withConsent(pkg, programme);
    const context = formContext(pkg, datasets, { username: person?.username, deviceid: device?.id, email: person?.email, phonenumber: person?.phone });
    const make = (/** @type {boolean} */ anew = false) => makeForm(shown, context, anew ? {} : draft);
    const session = new Session(phone, draft, shown, make, lock);
    session.territories = territoriesOf(person, draft.programme_id);
    session.lists = datasets;
    if (!draft.snapshot) session.begin();
    return session;
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/**
 * A form to read, of a draft or of an envelope; nothing is kept and no lock is held.
 * @param {any} phone @param {{form_sha256: string, programme_id: string, snapshot?: any, answers?: any}} source
 * @returns {Promise<{form: Form, pkg: any}>}
 */
export async function readForm(phone, source) {
  const pkg = await packageOf(phone, source.form_sha256);
  const [programme, datasets] = await Promise.all([phone.catalogue.programme(source.programme_id), datasetsOf(phone, pkg, source.programme_id)]);
  const shown = withConsent(pkg, programme);
  return { form: makeForm(shown, formContext(shown, datasets, {}), source), pkg: shown };
}

/** @param {any} pkg @param {any} context @param {any} draft @returns {Form} */
function makeForm(pkg, context, draft) {
  const saved = draft.snapshot ?? draft.answers;
  return createForm(pkg, saved ? { ...context, saved } : { ...context, values: draft.values });
}

export class Session {
  #phone;
  #draft;
  #make;
  #lock;
  #listeners = new Set();
  /** @type {Set<Promise<unknown>>} */
  #held = new Set();
  #dirty = false;
  /** @type {number} */
  #timer = 0;
  /** @type {Promise<void> | null} */
  #running = null;
  /** A second tap on the button is the same finish. @type {Promise<{revisionId: string} | {problems: any[]}> | null} */
  #finishing = null;
  /** @type {SaveState} */
  #state = "saved";
  #closed = false;
  #isReplaced = false;
  /** @type {import("./audit.js").AuditLog | null} */
  log;
  /** Found when asked for, forgotten at the next change. @type {Set<string> | null} */
  #untouched = null;
  /** @type {Form | null} */
  #pristine = null;
  /** Paths that changed when rows without a word were taken out. @type {Set<string>} */
  #gone = new Set();
  #flushWhenHidden = () => {
    if (document.visibilityState === "hidden") void this.flush();
  };

  /** @param {any} phone @param {any} draft @param {any} pkg @param {(anew?: boolean) => Form} make @param {DraftLock} lock */
  constructor(phone, draft, pkg, make, lock) {
    this.#phone = phone;
    this.#draft = draft;
    this.#make = make;
    this.#lock = lock;
    this.pkg = pkg;
    /** @type {Form} */
    this.form = make();
    this.log = auditOf(pkg, draft);
    /** @type {unknown} */
    this.saveProblem = null;
    /** Where this person works in the form's programme; none: everywhere. @type {string[]} */
    this.territories = [];
    /** The lists it reads, as they were when it was opened. @type {Record<string, any[]>} */
    this.lists = {};
    /** The question to open first was chosen by the person. */
    this.wasAskedFor = false;
    document.addEventListener("visibilitychange", this.#flushWhenHidden);
    addEventListener("pagehide", this.#flushWhenHidden);
    lock.onTaken(async () => {
      await this.flush();
      this.close();
      this.#tell("taken");
    });
  }

  get id() { return this.#draft.id; }
  get state() { return this.#state; }
  get phone() { return this.#phone; }
  get subject() { return this.#draft.subject; }
  get title() { return this.form.title() || this.#draft.title; }
  /** What the store keeps of it; not to be changed here. @returns {any} */
  get draft() { return this.#draft; }
  get isCorrection() { return this.#draft.parent_revision_id !== null; }
  /** @returns {Remark[]} */
  get remarks() { return this.#draft.remarks ?? []; }
  /** Path of the question to open first, once. @returns {string} */
  takeGoTo() {
    const { go_to: path } = this.#draft;
    delete this.#draft.go_to;
    this.wasAskedFor = Boolean(path);
    return path || this.#firstRemark();
  }

  /** A correction that was just opened begins where the office first wrote something. */
  #firstRemark() {
    if (this.#draft.section) return "";
    return this.remarks.find(({ question }) => question)?.question ?? "";
  }

  /** Whether a place that was chosen is not where this person works. @param {any} node @param {string} value */
  isOutside(node, value) {
    return Boolean(node.attributes?.place) && isOutside(value, this.territories);
  }

  /** The first opening: the place is known; what was remarked upon is noted, to see later whether it changed. */
  begin() {
    if (!this.isCorrection) {
      prefillPlaces(this.pkg, this.form, this.territories);
      // What the page says is not there is not counted. Rows that stand open in place are there.
      this.tidy((list) => !standsOpen(this.pkg, list));
    }
    for (const remark of this.remarks) if (remark.question) remark.was = this.#said(remark.question);
    this.touch();
  }

  /** The answers at and below a path. @param {string} path @returns {string} */
  #said(path) {
    const view = this.form.view(path);
    if (!view) return "";
    if (view.node.kind === "question" || view.node.kind === "value") return view.value;
    const below = view.node.kind === "repeat" && !path.endsWith("]") ? this.form.rows(path).map((row) => row.path) : this.form.children(path);
    return JSON.stringify(below.map((one) => this.#said(one)));
  }

  /** Remarks whose answer still is what it was. @returns {Remark[]} */
  unansweredRemarks() {
    return this.remarks.filter(({ question, was }) => question && was !== undefined && this.#said(question) === was);
  }

  /** Rows nobody has written in: they ask for nothing and do not go with the form. @returns {Set<string>} */
  #untouchedRows() {
    this.#untouched ??= new Set(untouchedRows(this.pkg, this.form, () => (this.#pristine ??= this.#make(true))));
    return this.#untouched;
  }

  /** Whether a path is such a row or stands in one. @param {string} path */
  isUntouched(path) {
    for (const row of this.#untouchedRows()) if (path === row || path.startsWith(`${row}/`)) return true;
    return false;
  }

  /** Takes out rows nobody has written in, as they do not go with the form; #gone notes what only they made count. @param {(list: any) => boolean} [which]  by the repeat's node */
  tidy(which = () => true) {
    const rows = [...this.#untouchedRows()].filter((row) => which(this.view(row).node));
    for (const row of rows.reverse()) for (const path of this.form.removeRow(row).paths) this.#gone.add(path);
    if (rows.length) this.touch();
  }

  /** Answers that do not go with the form since rows without a word were taken out. @returns {import("../engine/form.js").View[]} */
  gone() {
    return [...this.#gone].map((path) => /** @type {any} */ (this.form.view(path))).filter((view) => view?.value && !view.relevant && view.node.kind === "question");
  }

  /** @param {string} [section] */
  problems(section) {
    return this.form.problems(section).filter(({ path }) => !this.isUntouched(path));
  }

  sections() {
    return this.form.sections(this.#untouchedRows());
  }

  /** What a text says in the form's other language at a path, "" where it says nothing. @param {string} path @param {any} text  by language @returns {string} */
  inOther(path, text) {
    const other = this.pkg.languages.find((/** @type {string} */ code) => code !== this.form.language);
    return text?.[other] ? this.form.say(path, text, other) : "";
  }

  /** @returns {Position} */
  get position() {
    const { section, question, place } = this.#draft;
    return { section, question, row: place?.row ?? "", scroll: place?.scroll ?? 0 };
  }

  /** @param {(what: "state" | "taken" | "finished") => void} fn @returns {() => void} */
  on(fn) {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  /** What stands at a path that is on the page. @param {string} path @returns {import("../engine/form.js").View} */
  view(path) {
    const view = this.form.view(path);
    if (!view) throw new Error(`nothing at ${path}`);
    return view;
  }

  /** @param {string} path @param {string} value @param {{typing?: boolean}} [options] @returns {Change} */
  set(path, value, { typing = false } = {}) {
    this.log?.changed(path, this.view(path).value, value);
    const change = this.form.set(path, value);
    this.touch(typing ? TYPING_MS : CHOICE_MS);
    return change;
  }

  /** @param {string} path @param {number} [at] @returns {Change} */
  addRow(path, at) {
    this.log?.did("add repeat", path);
    const change = this.form.addRow(path, at);
    this.touch();
    return change;
  }

  /** @param {string} path @returns {Change & {undo?: any}} */
  removeRow(path) {
    this.log?.did("delete repeat", path);
    const change = this.form.removeRow(path);
    this.touch();
    return change;
  }

  /** @param {any} token @returns {Change} */
  restoreRow(token) {
    const change = this.form.restoreRow(token);
    this.touch();
    return change;
  }

  /** @param {string} code */
  setLanguage(code) {
    this.form.setLanguage(code);
    this.touch();
  }

  /**
   * Keeps a photo or a signature, bytes first, and only then names it in the answer.
   * @param {string} path @param {{bytes: ArrayBuffer, type: string, thumbnail?: ArrayBuffer, extension: string}} file
   * @param {number} [uid]  of the question, which may stand elsewhere by then; nothing is named where it is gone
   * @returns {Promise<Change | null>}
   */
  async attach(path, { bytes, type, thumbnail, extension }, uid) {
    const stored = await this.#phone.files.put(bytes, { type, thumbnail });
    if (uid) path = this.form.pathOf(uid);
    if (!path) return null;
    const base = path.slice(path.lastIndexOf("/") + 1).replace(/\[\d+\]$/, "");
    const name = `${base}-${stored.sha256.slice(0, 10)}.${extension}`;
    const files = this.files.filter((one) => one.name !== name);
    this.#draft.files = [...files, { name, question: path, ...stored }];
    return this.set(path, name);
  }

  /** A file that came with the instrument, for its labels; nothing when it is not on the phone. @param {string} name @returns {Promise<{type: string, data: string} | undefined>} data: base64 */
  async formFile(name) {
    const hash = this.pkg.media?.[name];
    return hash && (await this.#phone.catalogue.dataset(hash))?.[0];
  }

  /** The picture that a question begins with. @param {string} value */
  begunWith(value) { return given()?.begunWith(this, value); }

  /** @returns {DraftFile[]} */
  get files() { return this.#draft.files ?? []; }
  /** @param {string} name */
  file(name) { return this.files.find((one) => one.name === name) ?? null; }

  /** Where the person is, kept with the next save. @param {Position} position @param {{at: number, of: number, label: any}} progress  section number of all, and its Text */
  place({ section, row, question, scroll }, progress) {
    this.log?.at({ section, row });
    Object.assign(this.#draft, { section, question, progress, place: { row, scroll } });
    this.#dirty = true;
    this.#schedule(TYPING_MS);
  }

  /** Something changed: save it, after `delay` ms at the latest. @param {number} [delay] */
  touch(delay = CHOICE_MS) {
    this.#dirty = true;
    this.#untouched = null;
    this.#setState("saving");
    this.#schedule(delay);
  }

  /** @param {number} delay */
  #schedule(delay) {
    if (this.#closed) return;
    // A choice overtakes a waiting keystroke; keystrokes never push each other further away.
    if (this.#timer && delay > CHOICE_MS) return;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#save(), delay);
  }

  /** A photo or a signature on its way to the store: flush() waits for it. @param {Promise<unknown>} work */
  hold(work) {
    this.#held.add(work);
    void work.finally(() => this.#held.delete(work));
  }

  /** Resolves when everything is on disk, or when saving failed. @returns {Promise<boolean>} */
  async flush() {
    while (this.#held.size) await Promise.allSettled(this.#held);
    while (this.#running || (this.#dirty && !this.#isReplaced)) {
      if (this.#running) await this.#running;
      else await this.#save();
      if (this.#state === "failed") return false;
    }
    return true;
  }

  /** @returns {Promise<void>} */
  #save() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.#running) return this.#running.then(() => this.#dirty && this.#state !== "failed" ? this.#save() : undefined);
    if (this.#isReplaced) return Promise.resolve();
    this.#dirty = false;
    this.#running = this.#write().finally(() => { this.#running = null; });
    return this.#running;
  }

  async #write() {
    try {
      await this.#phone.drafts.save(this.#record());
      this.saveProblem = null;
      if (!this.#dirty) this.#setState("saved");
    } catch (error) {
      if (error instanceof Problem && error.code === "phone.draft_finished") {
        // Another window finished it meanwhile: there is nothing left to keep.
        this.close();
        this.#tell("finished");
        return;
      }
      this.#dirty = true;
      this.saveProblem = error;
      this.#setState("failed");
      if (!this.#closed) this.#timer = window.setTimeout(() => this.#save(), RETRY_MS);
    }
  }

  #record() {
    const draft = this.#draft;
    draft.bases = this.#bases(draft.bases);
    draft.snapshot = this.form.snapshot();
    draft.title = this.title;
    draft.updated_at = new Date().toISOString();
    delete draft.values;
    delete draft.answers;
    return draft;
  }

  /** What the records that it changes were like when it first named them: answers may come from there. @param {Record<string, any>} [known]  by id */
  #bases(known = {}) {
    if (this.pkg.entities?.some((/** @type {any} */ rule) => rule.id !== undefined))
      for (const { list, id, action } of this.form.entities())
        if (action === "update" && known[id] === undefined) known[id] = baseOf(this.lists[list]?.find(({ name }) => name === id));
    return known;
  }

  /** Keeps the draft in another state, and ends: the next opening shows that. @param {Record<string, any>} changes */
  async replace(changes) {
    if (!(await this.flush())) throw new FormProblem("form.not_saved", {});
    // What is noted from here on, such as where the page stands, would write the state before over it.
    this.#isReplaced = true;
    try {
      await this.#phone.drafts.save({ ...this.#draft, ...changes });
    } catch (error) {
      this.#isReplaced = false;
      throw error;
    }
    this.close();
  }

  /** @param {SaveState} state */
  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#tell("state");
  }

  /** @param {"state" | "taken" | "finished"} what */
  #tell(what) {
    for (const fn of this.#listeners) fn(what);
  }

  /**
   * Checks everything, freezes the bytes and hands them to the outbox in one transaction.
   * @returns {Promise<{revisionId: string} | {problems: any[]}>}
   */
  finish() {
    this.#finishing ??= this.#finish().finally(() => { this.#finishing = null; });
    return this.#finishing;
  }

  /** @returns {Promise<{revisionId: string} | {problems: any[]}>} */
  async #finish() {
    const problems = this.problems();
    if (problems.length) return { problems };
    this.tidy();
    await given()?.adopt(this);
    // A form that asks for at least one row says so now.
    const left = this.form.problems();
    if (left.length) return { problems: left };
    await this.log?.finish(this, (await this.#phone.meta.get("person"))?.username ?? "");
    if (!(await this.flush())) throw new FormProblem("form.not_saved", {});
    const lost = await this.#lostFiles();
    if (lost.length) return { problems: lost };
    this.form.finalise();
    try {
      const { envelope, files } = await buildEnvelope({ phone: this.#phone, pkg: this.pkg, draft: this.#draft, form: this.form, title: this.title });
      const item = await outboxItem({ envelope, files, draft: this.#draft });
      await this.#phone.drafts.finish(this.#draft, item);
      // The form is in the outbox: what the next one may begin with must not undo that.
      await given()?.keepLast(this.#phone, this.pkg, this.#draft, this.form.answers()).catch(() => {});
      this.close();
      return { revisionId: item.revision_id };
    } catch (error) {
      // Nothing was handed over: the form opens again where it was.
      this.form = this.#make();
      throw error;
    }
  }

  /** Photos named in the answers whose bytes neither phone nor office holds. */
  async #lostFiles() {
    const lost = [];
    for (const { path, name } of this.form.media()) {
      const file = this.file(name);
      if (file && (file.at_office || await this.#phone.files.isWhole(file.sha256))) continue;
      const view = this.view(path);
      // What was told in words, before this phone drew that kind, is no file.
      if (view.node.type !== "image" && !file) continue;
      lost.push({ path, uid: view.uid, section: path.split(/[/[]/)[0], kind: "lost", message: "", label: view.label });
    }
    return lost;
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#flushWhenHidden);
    removeEventListener("pagehide", this.#flushWhenHidden);
    this.#lock.release();
  }
}

/** @typedef {{release: () => void, onTaken: (fn: () => Promise<void>) => void}} DraftLock */

/**
 * One window writes a draft. Another may ask for it: the first saves and lets go; one that does not answer loses the lock.
 * @param {string} id @param {boolean} take @returns {Promise<DraftLock | null>}
 */
async function holdDraft(id, take) {
  if (!navigator.locks) return { release() {}, onTaken() {} };
  const name = `draft:${id}`;
  const channel = new BroadcastChannel("daftar-drafts");
  if (take) {
    channel.postMessage({ take: id });
    await freed(name, HAND_OVER_MS);
  }
  /** @type {() => void} */
  let release = () => {};
  /** @type {(() => Promise<void>) | null} */
  let taken = null;
  const held = new Promise((resolve) => { release = () => resolve(undefined); });
  const got = await new Promise((resolve) => {
    navigator.locks.request(name, take ? { steal: true } : { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock ? held : undefined;
    }).catch(() => taken?.());
  });
  if (!got) {
    channel.close();
    return null;
  }
  channel.onmessage = (event) => {
    if (event.data?.take === id) void taken?.();
  };
  return {
    release: () => {
      channel.close();
      release();
    },
    onTaken: (fn) => { taken = fn; },
  };
}

/** Resolves when nobody holds the lock, or after `ms`. @param {string} name @param {number} ms */
async function freed(name, ms) {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    const { held = [] } = await navigator.locks.query();
    if (!held.some((lock) => lock.name === name)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
