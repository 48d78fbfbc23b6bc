import { createEmitter, reportError } from "../core/events.js";
import { createHttp } from "../core/http.js";
import { newId } from "../core/ids.js";
import { Problem } from "../core/problem.js";
import { createAttachments } from "./attachments.js";
import { createContact } from "./contact.js";
import { deviceLabel } from "./device.js";
import { createMeter, photosWait } from "./meter.js";
import { createPull } from "./pull.js";
import { createPush, failureOf } from "./push.js";
import { createSchedule } from "./schedule.js";

/**
 * Sync as the pages see it: one state, one button. Texts go first, then what changed at the office comes in, then photos go. One
 * tab at a time does it.
 *
 * @typedef {(phone: import("../store/phone.js").Phone, said: any, username: string, post: (address: string, json: unknown) => Promise<any>) => Promise<void>} TakeKey
 *   opens the person's key, or makes it, before she is kept: keys/enrol.js
 *
 * @typedef {object} SyncState
 * @property {"idle" | "sending" | "receiving" | "offline" | "signed_out"} phase
 * @property {{done: number, total: number} | null} progress
 * @property {number | null} last_success_at  ms since 1970: everything went through
 * @property {import("../core/problem.js").ProblemJson | null} problem  of the last attempt; code "sync.…" when it is the phone's own
 * @property {number | null} clock_offset  ms to add to this phone's clock
 * @property {number} photos_pending
 * @property {boolean} photos_held  they wait for Wi-Fi, as the person asked
 * @property {boolean} clock_wrong  the phone's date is so far off that it must be set
 */

const FINISHED_MS = 400;
const DAY_MS = 86_400_000;

/** @param {{phone: import("../store/phone.js").Phone, fetch: typeof fetch, app?: string}} parts */
export function createSync({ phone, fetch, app = document.documentElement.dataset.version ?? "" }) {
  const meter = createMeter();
  /** Of who has no key to keep it with. */
  let unkept = "";
  const http = createHttp(fetch, { app, passed: meter.passed, session: () => unkept || phone.vault.session });
  const contact = createContact(phone);
  const push = createPush({ phone, http, contact, app });
  const attachments = createAttachments({ phone, http });
  const pull = createPull({ phone, http, contact });
  const schedule = createSchedule((reason) => inTurn(reason));
  /** @type {ReturnType<typeof createEmitter<SyncState>>} */
  const changes = createEmitter();
  /** @type {SyncState} */
  let state = { phase: "idle", progress: null, last_success_at: null, problem: null, clock_offset: null, photos_pending: 0, photos_held: false, clock_wrong: false };
  /** @type {Promise<"done" | "failed"> | null} */
  let running = null;
  /** @type {string | null} asked for while running */
  let wanted = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let finishing;

  /** @param {Partial<SyncState>} patch */
  function set(patch) {
    const next = { ...state, ...patch };
    if (JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    changes.emit(state);
  }

  async function refresh() {
    const [counts, known, last] = await Promise.all([phone.outbox.counts(), contact.known(), phone.meta.get("last_success_at")]);
    set({ photos_pending: counts.photos, clock_offset: known.clock_offset, last_success_at: last ?? null });
    return counts;
  }

  /** One attempt at a time in this tab; asked again meanwhile, it goes round once more. @param {string} reason @returns {Promise<"done" | "failed">} */
  function inTurn(reason) {
    if (running) {
      wanted = reason;
      return running;
    }
    running = (async () => {
      /** @type {"done" | "failed"} */
      let result = "done";
      let next = /** @type {string | null} */ (reason);
      while (next !== null) {
        const why = next;
        wanted = null;
        // Another tab or the worker at it: its work shows here through the store. Whether it saw all, the next attempt shows.
        result = (await phone.alone("sync", () => attempt(why))) ?? "failed";
        next = result === "done" ? wanted : null;
      }
      return result;
    })().finally(() => (running = null));
    return running;
  }

  /** @param {string} reason @returns {Promise<"done" | "failed">} */
  async function attempt(reason) {
    // Locked, what comes in could not be sealed: it waits for the PIN. What is finished goes all the same.
    const shut = phone.vault.state === "locked" || phone.vault.state === "sign_in";
    const hasPerson = !shut && Boolean(await phone.meta.get("person"));
    try {
      const failure = await contactServer(reason, hasPerson);
      if (!failure || !isNoContact(failure)) await push.purge();
      await meter.keep(phone.meta);
      await refresh();
      await lookAtClock(failure);
      if (failure) return ended(failure);
      if (shut) {
        set({ phase: "idle", progress: null, problem: null });
        return "done";
      }
      await phone.meta.set("last_success_at", Date.now());
      set({ phase: hasPerson ? "idle" : "signed_out", progress: null, problem: null, last_success_at: Date.now() });
      return "done";
    } catch (error) {
      reportError(error);
      set({ phase: hasPerson ? "idle" : "signed_out", progress: null, problem: error instanceof Problem ? error.toJSON() : { code: "sync.bug", message: {} } });
      return "failed";
    }
  }

  /** The phone's date is far off: measured, or, where nothing can be reached, from the last contact and the day this page was made. @param {import("./push.js").Failure | null} failure */
  async function lookAtClock(failure) {
    const offset = state.clock_offset ?? 0;
    const made = Date.parse(document.documentElement.dataset.made ?? "") || 0;
    // By the server's clock: this one may have been set since.
    const heard = state.last_success_at && state.clock_offset !== null ? state.last_success_at + offset : 0;
    const known = Math.max(made, heard);
    const since = Date.now() - known;
    const far = failure && isNoContact(failure) ? navigator.onLine && known > 0 && (since < -DAY_MS || since > 180 * DAY_MS) : Math.abs(offset) > DAY_MS / 2;
    set({ clock_wrong: far });
  }

  /** @param {string} reason @param {boolean} hasPerson @returns {Promise<import("./push.js").Failure | null>} */
  async function contactServer(reason, hasPerson) {
    // Who just signed in waits for her forms: nothing else is asked first.
    const entered = reason === "signed_in";
    const photosToo = reason === "photos";
    const all = entered || photosToo || reason === "button";
    /** @param {SyncState["phase"]} phase */
    const step = (phase) => (/** @type {number} */ done, /** @type {number} */ total) => set({ phase, progress: total ? { done, total } : null });
    if (await push.due(all)) set({ phase: "sending", progress: null });
    const unsent = await push.run({ all, quiet: entered, progress: step("sending") });
    if (unsent && unsent.code !== "sync.not_allowed") return unsent;
    /** @type {import("./push.js").Failure | null} */
    let notPulled = null;
    if (hasPerson) {
      set({ phase: "receiving", progress: null });
      notPulled = await pull.run({ entered, progress: step("receiving") });
      if (notPulled && isNoContact(notPulled)) return notPulled;
      if (notPulled?.code === "sync.not_allowed") await push.ask();
    }
    const counts = await refresh();
    if (counts.photos) set({ phase: "sending", progress: null });
    const held = counts.photos > 0 && !photosToo && (await photosWait(phone));
    set({ photos_held: held });
    const stopped = held ? null : await attachments.run({ progress: step("sending"), interrupted: () => wanted !== null });
    return stopped ?? unsent ?? (await push.reportIfNeeded()) ?? notPulled;
  }

  /** @param {import("./push.js").Failure} failure @returns {"failed"} */
  function ended(failure) {
    const problem = failure.problem ?? { code: failure.code, message: {} };
    const phase = isNoContact(failure) ? "offline" : failure.code === "sync.not_allowed" ? "signed_out" : "idle";
    set({ phase, progress: null, problem });
    if (failure.after_s) setTimeout(() => schedule.after(failure.after_s ?? 30));
    return "failed";
  }

  /** @type {Set<string>} */
  const seen = new Set();
  // A form was finished here or in another tab: it goes at once, and without network not again and again.
  const stopHearing = phone.on(({ store }) => {
    if (store !== "items" && store !== "meta") return;
    clearTimeout(finishing);
    finishing = setTimeout(async () => {
      await refresh();
      const fresh = (await phone.outbox.all()).filter((item) => item.state === "waiting" && !seen.has(item.revision_id));
      for (const item of fresh) seen.add(item.revision_id);
      if (started && fresh.length) void schedule.now("finished");
    }, FINISHED_MS);
  });
  let started = false;

  async function hasPin() {
    const person = await phone.meta.get("person");
    return Boolean(person && (await phone.vault.kept(person.id))?.pin);
  }

  /** @param {string} address @param {unknown} json @param {boolean} [ofPerson] @param {string} [session]  throws the server's problem, or what kept from asking */
  async function ask(address, json, ofPerson = true, session) {
    const answer = await http(address, { method: "POST", json, session });
    if (answer.kind === "problem") throw new Problem(answer.problem.code, answer.problem.message, answer.problem.details);
    if (answer.kind === "nothing" || (ofPerson && !answer.body?.person)) throw new Problem(failureOf(answer).code);
    return answer;
  }

  /** @param {import("../core/http.js").Answer} answer @param {TakeKey} [takeKey] */
  async function entered(answer, takeKey) {
    const { person, device, programmes, username, session = "" } = answer.body;
    if (!person.id || !device?.credential) throw new Problem("sync.not_ours");
    const known = await contact.heard(answer);
    // Who was here before has most of it.
    const ahead = (await phone.meta.get("devices"))?.[person.id] ? null : pull.ahead(answer.body, known);
    await takeKey?.(phone, answer.body, username, async (address, json) => (await ask(address, json, false, session)).body);
    const isKept = session && phone.vault.seals(person.id);
    if (isKept) await phone.vault.enter(person.id, session);
    await phone.catalogue.belongsTo(person.id, await phone.meta.get("last_person"));
    // Without a key it ends with the page. Nothing is read with it before the rows are hers: somebody else's may still be on their way.
    unkept = isKept ? "" : session;
    const kept = { ...device, username };
    await phone.meta.setAll({
      person: { ...person, username, programmes }, device: kept, devices: { ...(await phone.meta.get("devices")), [person.id]: kept }, last_person: person.id,
    });
    pull.use(ahead);
    set({ phase: "idle", problem: null });
    return person;
  }

  /** A secret of this phone for one link, kept before it is used: an answer lost on the way can be asked for again. @param {string} token */
  async function claimOf(token) {
    // Of two windows both use the same.
    return (await phone.meta.change("claim", (/** @type {any} */ kept) => (kept?.token === token ? kept : { token, claim: newId() }))).claim;
  }

  return {
    get state() {
      return state;
    },

    /** @param {(state: SyncState) => void} listener */
    on: (listener) => changes.on(listener),

    /** Begins to try by itself. */
    start() {
      started = true;
      schedule.start();
    },

    stop() {
      started = false;
      clearTimeout(finishing);
      schedule.stop();
      stopHearing();
    },

    /** Tries now; resolves when the attempt is over, however it went: `state` says how. @param {{reason?: string}} [why] */
    async now({ reason = "button" } = {}) {
      await refresh();
      await schedule.now(reason);
    },

    /**
     * Needs the network, this once. Throws a Problem: the server's, or "sync.offline", "sync.timeout", "sync.not_ours".
     *
     * @param {string} username @param {string} password
     * @param {TakeKey} [takeKey]
     */
    async signIn(username, password, takeKey) {
      /** The server knows who she is, however she writes her name. @type {[string, import("./device.js").Device][]} */
      const known = Object.entries((await phone.meta.get("devices")) ?? {});
      const devices = Object.fromEntries(known.map(([person, { id }]) => [person, id]));
      return entered(await ask("/api/field/sign-in", { username, password, session: "kept", device_label: deviceLabel(), devices }), takeKey);
    },

    /** Whom a link of the office is for. Throws as signIn. @param {string} token */
    lookAtLink: async (token) => (await ask("/api/field/enrol/look", { token, claim: await claimOf(token) })).body.person,

    /** Signs in by a link of the office, without a password. Throws as signIn. @param {string} token @param {string} personId  as lookAtLink() said @param {TakeKey} [takeKey] */
    async enrol(token, personId, takeKey) {
      const mine = ((await phone.meta.get("devices")) ?? {})[personId];
      const json = { token, claim: await claimOf(token), session: "kept", device_label: deviceLabel(), ...(mine ? { device_id: mine.id } : {}) };
      const answer = await ask("/api/field/enrol", json);
      const person = await entered(answer, takeKey);
      await phone.meta.set("claim", null);
      return person;
    },

    /** Ends the session only: drafts and items stay, and what waits is still delivered. */
    async signOut() {
      await http("/api/field/sign-out", { method: "POST", json: {} });
      // With a PIN she is who opens it again, without network.
      if (!(await hasPin())) await phone.meta.set("person", null);
      unkept = "";
      pull.use(null);
      set({ phase: "signed_out", problem: null });
    },
  };
}

/** @param {import("./push.js").Failure} failure */
function isNoContact({ code }) {
  return code === "sync.offline" || code === "sync.timeout" || code === "sync.not_ours";
}

/** @typedef {ReturnType<typeof createSync>} Sync */
