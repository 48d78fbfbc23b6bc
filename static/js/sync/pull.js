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

/**
 * @param {object} parts
 * @param {import("../store/phone.js").Phone} parts.phone
 * @param {import("../core/http.js").Http} parts.http
 * @param {import("./contact.js").Contact} parts.contact
 */
export function createPull({ phone, http, contact }) {
  const { catalogue, meta } = phone;
  let lanes = AT_ONCE;

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

  /** @param {string} programmeId @param {string} owner  whose rows they are @returns {Promise<Failure | null>} */
  async function rows(programmeId, owner) {
    let restarted = false;
    for (;;) {
      const cursor = await catalogue.cursor(programmeId);
      const query = new URLSearchParams({ programme: programmeId, limit: String(PAGE), ...(cursor ? { cursor } : {}) });
      const answer = await http(`/api/sync/pull?${query}`);
      if (answer.kind !== "answer") return failureOf(answer);
      const page = answer.body;
      if (page?.resync === true && !restarted) {
        restarted = true;
        await catalogue.restart(programmeId);
        continue;
      }
      if (!Array.isArray(page?.changes) || typeof page.next_cursor !== "string") return { code: "sync.not_ours" };
      await contact.heard(answer);
      // Somebody else signed in meanwhile: her own turn follows.
      if (!(await catalogue.apply(programmeId, page, owner))) return null;
      if (!page.more || page.next_cursor === cursor) return null;
    }
  }

  /** Packages and lists by hash, each once. @param {(done: number, total: number) => void} progress @returns {Promise<Failure | null>} */
  async function downloads(progress) {
    const instruments = await catalogue.instruments();
    const needed = new Set((await catalogue.submissions()).map((row) => (row.envelope ? JSON.parse(row.envelope).form_sha256 : "")));
    const wanted = instruments.filter((row) => row.is_open || needed.has(row.sha256));
    /** @type {[("packages" | "datasets"), string][]} */
    const files = [];
    for (const hash of new Set(wanted.map((row) => row.sha256))) if (!(await catalogue.has("packages", hash))) files.push(["packages", hash]);
    for (const hash of new Set(wanted.flatMap((row) => Object.values(row.datasets ?? {})))) if (!(await catalogue.has("datasets", hash))) files.push(["datasets", hash]);
    /** @type {Failure | null} */
    let missed = null;
    const total = files.length;
    let done = 0;
    let stopped = false;
    const next = async () => {
      for (let file; !stopped && (file = files.shift()); ) {
        const [store, hash] = file;
        progress(done, total);
        const answer = await http(`/api/sync/${store === "packages" ? "instrument" : "dataset"}/${hash}`);
        const fits =
          answer.kind === "answer" && answer.status === 200 &&
          (store === "packages" ? (await sha256(answer.text)) === hash : Array.isArray(answer.body?.columns) && Array.isArray(answer.body?.rows));
        if (fits) await catalogue.keep(store, hash, answer.text);
        else missed = failureOf(answer);
        done++;
        stopped ||= answer.kind === "nothing";
      }
    };
    await Promise.all(Array.from({ length: lanes }, next));
    // Several at once may each be too slow to arrive in time: one by one they do.
    lanes = stopped ? 1 : AT_ONCE;
    return missed;
  }

  return {
    /** @param {{progress: (done: number, total: number) => void, entered: boolean}} how  entered: the server said just now who she is @returns {Promise<Failure | null>} */
    async run({ progress, entered }) {
      const failure = entered ? null : await person();
      if (failure) return failure;
      const owner = await meta.get("person");
      if (!owner) return null;
      await catalogue.belongsTo(owner.id);
      /** @type {string[]} */
      const programmes = owner.programmes.map((/** @type {{id: string}} */ programme) => programme.id);
      for (const id of programmes) {
        const stopped = await rows(id, owner.id);
        if (stopped) return stopped;
      }
      await catalogue.keepOnly(programmes, owner.id);
      return downloads(progress);
    },
  };
}
