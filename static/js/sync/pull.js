import { canonical, outOfColumns } from "../core/columns.js";
import { sha256 } from "../core/ids.js";
import { failureOf } from "./push.js";

/**
 * Fetching what changed at the office, for the signed-in person: rows page by page, then the instruments and lists that are not
 * here yet.
 *
 * @typedef {import("./push.js").Failure} Failure
 */

const PAGE = 500;
/** Files asked for at once: over a slow network most of the time goes by until an answer begins. */
const AT_ONCE = 6;
/** The same while the key goes into escrow and the first rows come: a browser has six ways to a server. */
const AT_ONCE_BESIDE = 4;

/** Packages in one answer, at most (app/sync/api.py). */
const MOST_TOGETHER = 50;

/** @typedef {[("packages" | "datasets"), ...string[]]} File  one list, or packages, by hash */
/** @typedef {import("./contact.js").Known} Known */
/** @typedef {{person: string, known: Known, pages: Map<string, ReturnType<import("../core/http.js").Http>>, files: Promise<{stopped: boolean} | void>}} Begun */

/** The packages together. @param {File[]} files @returns {File[]} */
function inOneAnswer(files) {
  const hashes = files.flatMap(([store, hash]) => (store === "packages" ? hash : []));
  const others = files.filter(([store]) => store !== "packages");
  while (hashes.length) others.unshift(["packages", ...hashes.splice(0, MOST_TOGETHER)]);
  return others;
}

/**
 * @param {object} parts
 * @param {import("../store/phone.js").Phone} parts.phone
 * @param {import("../core/http.js").Http} parts.http
 * @param {import("./contact.js").Contact} parts.contact
 */
export function createPull({ phone, http, contact }) {
  const { catalogue, meta } = phone;
  let lanes = AT_ONCE;
  /** Asked for while she signed in: the first rows by programme, and what forms need. @type {Begun | null} */
  let begun = null;

  /** Programmes and roles as they are now. @returns {Promise<Failure | null>} */
  async function person() {
    const answer = await http("/api/field/me");
    if (answer.kind !== "answer" || !answer.body?.person?.id || !Array.isArray(answer.body.programmes)) return failureOf(answer);
    await contact.heard(answer);
    const before = await meta.get("person");
    // The session in the cookie may be of somebody who signed in elsewhere on this phone; the phone's person stays.
    if (!before || before.id !== answer.body.person.id) return { code: "sync.not_allowed" };
    const said = { ...answer.body.person, programmes: answer.body.programmes };
    // She may sign out at this moment, and stays signed out.
    if (JSON.stringify({ ...before, ...said }) !== JSON.stringify(before)) await meta.change("person", (now) => (now?.id === said.id ? { ...now, ...said } : now));
    return null;
  }

  /** @param {string} programmeId @param {string | null} cursor  null: from the beginning @param {string} [session] */
  const page = (programmeId, cursor, session) => http(`/api/sync/pull?${new URLSearchParams({ programme: programmeId, limit: String(PAGE), ...(cursor ? { cursor } : {}) })}`, { session });

  /** @param {string} programmeId @param {string} owner  whose rows they are @param {Begun | null} ahead @returns {Promise<Failure | null>} */
  async function rows(programmeId, owner, ahead) {
    let restarted = false;
    for (;;) {
      const cursor = await catalogue.cursor(programmeId);
      const asked = cursor ? undefined : ahead?.pages.get(programmeId);
      ahead?.pages.delete(programmeId);
      const answer = await (asked ?? page(programmeId, cursor));
      if (answer.kind !== "answer") return failureOf(answer);
      const { body } = answer;
      if (body?.resync === true && !restarted) {
        restarted = true;
        await catalogue.restart(programmeId);
        continue;
      }
      if (!Array.isArray(body?.changes) || typeof body.next_cursor !== "string") return { code: "sync.not_ours" };
      await contact.heard(answer, asked && ahead?.known);
      // Somebody else signed in meanwhile: her own turn follows.
      if (!(await catalogue.apply(programmeId, body, owner))) return null;
      if (!body.more || body.next_cursor === cursor) return null;
    }
  }

  /** Packages and lists by hash, each once. @param {(done: number, total: number) => void} progress @returns {Promise<Failure | null>} */
  async function downloads(progress) {
    const instruments = await catalogue.instruments();
    const needed = new Set((await phone.drafts.all()).map((draft) => draft.form_sha256));
    for (const { envelope } of await catalogue.submissions()) if (envelope) needed.add(JSON.parse(envelope).form_sha256);
    const wanted = instruments.filter((row) => row.is_open || needed.has(row.sha256));
    const files = await missing(wanted.map((row) => row.sha256), wanted.flatMap((row) => Object.values(row.datasets ?? {})));
    const { missed, stopped } = await fetched(files, lanes, progress);
    // Several at once may each be too slow to arrive in time: one by one they do.
    lanes = stopped ? 1 : AT_ONCE;
    for (const row of wanted) needed.delete(row.sha256);
    // Rows say nothing of versions before the present one. Nothing waits for these: the office may know one no more.
    for (const hash of stopped ? [] : needed) {
      await fetched(await missing([hash], []), lanes, progress);
      const { datasets = {}, media = {} } = (await catalogue.package(hash)) ?? {};
      const lists = Object.values(datasets).flatMap((one) => one.sha256 ?? []);
      await fetched(await missing([], lists.concat(Object.values(media))), lanes, progress);
    }
    return missed;
  }

  /** What is not here yet. @param {string[]} packages @param {string[]} datasets  hashes @returns {Promise<File[]>} */
  async function missing(packages, datasets) {
    /** @type {File[]} */
    const files = [];
    for (const hash of new Set(packages)) if (!(await catalogue.has("packages", hash))) files.push(["packages", hash]);
    for (const hash of new Set(datasets)) if (!(await catalogue.has("datasets", hash))) files.push(["datasets", hash]);
    return files;
  }

  /** Keeps what an answer brought. @param {File} file @param {import("../core/http.js").Answer} answer @returns {Promise<string[]>} hashes of what it did not bring */
  async function keep([store, ...hashes], { body, text }) {
    const lacking = [];
    for (const hash of hashes) {
      let content = text;
      let fits = Array.isArray(body?.columns) && Array.isArray(body.rows);
      if (store === "packages") {
        const sent = body?.[hash] ?? "";
        content = typeof sent === "string" ? sent : canonical(outOfColumns(sent));
        fits = (await sha256(content)) === hash;
      }
      if (fits) await catalogue.keep(store, hash, content);
      else lacking.push(hash);
    }
    return lacking;
  }

  /**
   * @param {File[]} files @param {number} atOnce @param {(done: number, total: number) => void} progress @param {string} [session]
   * @returns {Promise<{missed: Failure | null, stopped: boolean}>}  stopped: an answer did not come, and no more were asked for
   */
  async function fetched(files, atOnce, progress, session) {
    /** @type {Failure | null} */
    let missed = null;
    const total = files.length;
    let done = 0;
    let stopped = false;
    // After a cut each package comes by itself too: what came before the next one stays.
    if (atOnce > 1) files = inOneAnswer(files);
    const next = async () => {
      for (let file; !stopped && (file = files.shift()); ) {
        const [store, ...hashes] = file;
        progress(done, total);
        const answer = await http(store === "packages" ? `/api/sync/instruments?of=${hashes}` : `/api/sync/dataset/${hashes}`, { session });
        const lacking = answer.kind === "answer" && answer.status === 200 ? await keep(file, answer) : hashes;
        done += hashes.length - lacking.length;
        if (lacking.length === hashes.length) missed = failureOf(answer);
        else if (lacking.length) files.unshift([store, ...lacking]);
        stopped ||= answer.kind === "nothing";
      }
    };
    await Promise.all(Array.from({ length: atOnce }, next));
    return { missed, stopped };
  }

  return {
    /**
     * Asks at once for what whoever is signing in needs. Rows are not kept before she is in: then use() hands them to the next run.
     * @param {{person: {id: string}, session?: string, programmes?: {id: string}[], forms?: {packages: string[], datasets: string[]}}} said  the answer
     * @param {Known} known @returns {Begun}
     */
    ahead({ person, session = "", programmes = [], forms = { packages: [], datasets: [] } }, known) {
      const files = missing(forms.packages, forms.datasets).then((some) => fetched(some, AT_ONCE_BESIDE, () => {}, session)).catch(() => {});
      return { person: person.id, known, pages: new Map(programmes.map(({ id }) => [id, page(id, null, session)])), files };
    },

    /** @param {Begun | null} asked */
    use: (asked) => void (begun = asked),

    /** @param {{progress: (done: number, total: number) => void, entered: boolean}} how  entered: the server said just now who she is @returns {Promise<Failure | null>} */
    async run({ progress, entered }) {
      const ahead = begun;
      begun = null;
      const failure = entered ? null : await person();
      if (failure) return failure;
      const owner = await meta.get("person");
      if (!owner) return null;
      // Locked meanwhile, what comes could not be sealed.
      if (phone.vault.state !== "none" && !phone.vault.seals(owner.id)) return null;
      const hers = entered && ahead?.person === owner.id ? ahead : null;
      await catalogue.belongsTo(owner.id);
      /** @type {string[]} */
      const programmes = owner.programmes.map((/** @type {{id: string}} */ programme) => programme.id);
      for (const id of programmes) {
        const stopped = await rows(id, owner.id, hers);
        if (stopped) return stopped;
      }
      await catalogue.keepOnly(programmes, owner.id);
      if ((await hers?.files)?.stopped) lanes = 1;
      return downloads(progress);
    },
  };
}
