import { localIso } from "../core/clock.js";
import { isToSend, isToTell, received } from "../store/outbox.js";
import { deviceOf } from "./device.js";

/**
 * Delivering the texts of finished submissions. One result an item; an answer that is not surely our server's changes nothing.
 * An item leaves this phone only by purge(), when it is secured.
 *
 * @typedef {import("../store/outbox.js").Item} Item
 * @typedef {import("../core/http.js").Answer} Answer
 * @typedef {{code: string, problem?: import("../core/problem.js").ProblemJson, after_s?: number}} Failure  why a run ended early
 */

const MOST_ITEMS = 20;
const MOST_BYTES = 256_000;
const HAVE_AT_ONCE = 200;
const AHEAD_MS = 15 * 60_000;
const REPORT_EVERY_MS = 86400_000;
// A report has at most 4 kB.
const INCIDENTS_AT_ONCE = 5;
const IDS_AT_ONCE = 12;
const UNSENT_NAMED = 40;

/**
 * @param {object} parts
 * @param {import("../store/phone.js").Phone} parts.phone
 * @param {import("../core/http.js").Http} parts.http
 * @param {import("./contact.js").Contact} parts.contact
 * @param {string} parts.app  version
 */
export function createPush({ phone, http, contact, app }) {
  const { outbox, meta } = phone;
  /** Proxies exist that refuse packed bodies: after one unsigned refusal this page sends plainly. */
  let packed = "CompressionStream" in globalThis;

  /** @param {string} address @param {unknown} json @param {string} credential */
  async function post(address, json, credential) {
    const text = JSON.stringify(json);
    if (!packed || text.length < 1000) return http(address, { method: "POST", json, credential });
    const body = await gzipped(text);
    const answer = await http(address, { method: "POST", body, credential, headers: { "Content-Type": "application/json", "Content-Encoding": "gzip" } });
    if ((answer.kind === "nothing" && answer.status >= 400) || (answer.kind === "problem" && answer.status === 415)) {
      const plain = await http(address, { method: "POST", json, credential });
      // Only if that was what it disliked: a server that is away for a moment refuses both.
      packed = plain.kind !== "answer";
      return plain;
    }
    return answer;
  }

  /** What the office is told of this phone; `unsent` does not count what goes with the same request. @param {Set<string>} going */
  async function report(going) {
    const items = await outbox.all();
    const rest = items.filter((item) => (item.state === "waiting" || item.state === "refused") && !going.has(item.revision_id));
    const { persisted, usage, quota } = await phone.storage();
    const incidents = ((await meta.get("incidents")) ?? []).slice(0, INCIDENTS_AT_ONCE).map(shortened);
    const { clock_offset } = await contact.known();
    return {
      unsent: rest.length, unsent_ids: rest.slice(0, UNSENT_NAMED).map((item) => item.revision_id), oldest_unsent: rest[0]?.finished_at ?? null,
      photos: photosOf(items), skew: clock_offset, todo: await meta.get("todo"), app, persisted, storage: { usage, quota }, install: phone.install(),
      ...(incidents.length ? { incidents } : {}),
    };
  }

  /** Asks which of these the server has. A credential that it refuses holds up nobody else. @param {Item[]} items @returns {Promise<{failure: Failure | null, asked: Set<string>}>} asked: those it answered about */
  async function have(items) {
    /** @type {Set<string>} */
    const answered = new Set();
    for (const [device, own] of await byDevice(items)) {
      for (let at = 0; at < own.length; at += HAVE_AT_ONCE) {
        const asked = own.slice(at, at + HAVE_AT_ONCE);
        const answer = await post("/api/sync/have", { proto: 1, items: Object.fromEntries(asked.map((item) => [item.revision_id, item.sha256])) }, device.credential);
        if (answer.kind !== "answer" || typeof answer.body?.have !== "object") {
          const failure = failureOf(answer);
          if (failure.code === "sync.not_allowed") break;
          return { failure, asked: answered };
        }
        const { epoch } = await contact.heard(answer);
        for (const item of asked) answered.add(item.revision_id);
        await outbox.settle(
          asked.map((item) => {
            const receipt = answer.body.have[item.revision_id];
            const aside = answer.body.aside?.[item.revision_id] ?? null;
            if (receipt?.sha256 === item.sha256) return { revision_id: item.revision_id, patch: received(aside ? "quarantined" : "accepted", receipt, aside), receipt: { ...receipt, epoch } };
            return { revision_id: item.revision_id, patch: notThere };
          }),
        );
      }
    }
    return { failure: null, asked: answered };
  }

  /**
   * Sends one batch and settles each of its items.
   *
   * @param {import("./device.js").Device} device @param {Item[]} items @returns {Promise<Failure | null>}
   */
  async function send(device, items) {
    const known = await contact.known();
    const going = new Set(items.map((item) => item.revision_id));
    const told = await report(going);
    const body = {
      proto: 1, device_id: device.id, epoch_seen: known.epoch, high_water_seen: known.high_water, report: told,
      items: items.map(wireItem), ...(await keysFor(items)),
    };
    const answer = await post("/api/sync/push", body, device.credential);
    if (answer.kind !== "answer" || !isOurs(answer, items)) {
      const failure = failureOf(answer);
      await Promise.all(items.map((item) => outbox.change(item.revision_id, ({ attempts }) => ({ attempts: attempts + 1 }))));
      return failure;
    }
    const { epoch } = await contact.heard(answer);
    const now = Date.now();
    await outbox.settle(
      items.map((item, i) => {
        const result = answer.body.results[i];
        const receipt = result.receipt ? { ...result.receipt, epoch } : null;
        return { revision_id: item.revision_id, receipt, patch: settled(result, now) };
      }),
    );
    // After what it said is kept: nothing may come between.
    if (answer.body.standing) await disown(device);
    await meta.setAll({
      incidents: ((await meta.get("incidents")) ?? []).slice((told.incidents ?? []).length), reported_at: now, reported_photos: told.photos,
    });
    return null;
  }

  /** @param {import("./device.js").Device} device */
  async function disown(device) {
    const devices = Object.entries((await meta.get("devices")) ?? {});
    for (const [person, own] of devices) if (own.id === device.id) await phone.vault.disown(person);
  }

  /** The wraps that open these, for a server that lost its own. @param {Item[]} items */
  async function keysFor(items) {
    if (!items.some((item) => item.encryption !== "none")) return {};
    const owners = new Set(items.map((item) => item.owner));
    /** @type {[string, import("../store/vault.js").KeptKey][]} */
    const kept = Object.entries((await meta.get("keys")) ?? {});
    const keys = kept.filter(([person]) => owners.has(person)).flatMap(([person, own]) => [own, ...(own.older ?? [])].map(({ id, wrapped }) => [id, { person, wrapped }]));
    return { keys: Object.fromEntries(keys) };
  }

  /** A batch that fails on our server is halved, so that one bad item holds up no other. @param {import("./device.js").Device} device @param {Item[]} items @param {(sent: number) => void} sent @returns {Promise<Failure | null>} */
  async function sendFirmly(device, items, sent) {
    const failure = await send(device, items);
    if (!failure) {
      sent(items.length);
      return null;
    }
    const ours = failure.code === "sync.refused" || failure.code === "sync.too_large" || failure.code === "sync.server_error";
    if (!ours) return failure;
    if (items.length === 1) {
      const wait = failure.code === "sync.too_large" && failure.problem ? { state: /** @type {const} */ ("refused"), problem: failure.problem } : later(items[0]);
      await outbox.change(items[0].revision_id, wait);
      return null;
    }
    const half = Math.ceil(items.length / 2);
    return (await sendFirmly(device, items.slice(0, half), sent)) ?? sendFirmly(device, items.slice(half), sent);
  }

  /** @param {Item[]} items @returns {Promise<[import("./device.js").Device, Item[]][]>} */
  async function byDevice(items) {
    /** @type {Map<string, [import("./device.js").Device, Item[]]>} */
    const groups = new Map();
    for (const item of items) {
      const device = await deviceOf(phone, item.owner);
      if (!device) continue;
      const group = groups.get(device.id) ?? [device, []];
      group[1].push(item);
      groups.set(device.id, group);
    }
    return [...groups.values()];
  }

  return {
    /** How many texts can go now. @param {boolean} all  also those that were asked to wait */
    due: async (all) => (await dueItems(all)).length,

    /**
     * Sends all texts that are due, oldest first. Null when nothing stopped it. Whose credential is refused waits, and holds up nobody
     * else; of the person who is signed in it is said at the end.
     *
     * @param {{all: boolean, quiet?: boolean, progress: (done: number, total: number) => void}} how  quiet: nothing of this phone itself, though it may be due
     * @returns {Promise<Failure | null>}
     */
    async run({ all, quiet, progress }) {
      const { recheck, epoch } = await contact.known();
      if (recheck) {
        const held = (await outbox.all()).filter((item) => item.state !== "gone" && item.state !== "refused");
        const { failure, asked } = await have(held);
        if (failure) return failure;
        // Another epoch may have begun between two answers.
        if (asked.size === held.length && (await contact.known()).epoch === epoch) await contact.rechecked();
      }
      const doubtful = (await dueItems(all)).filter((item) => item.attempts > 0);
      if (doubtful.length) {
        const { failure } = await have(doubtful);
        if (failure) return failure;
      }
      const items = await dueItems(all);
      const own = (await meta.get("device"))?.id;
      /** @type {Failure | null} */
      let refused = null;
      let done = 0;
      for (const [device, group] of await byDevice(items)) {
        for (const batch of batches(group)) {
          progress(done, items.length);
          const failure = await sendFirmly(device, batch, (sent) => progress((done += sent), items.length));
          if (failure?.code === "sync.not_allowed") {
            if (device.id === own) refused = failure;
            break;
          }
          if (failure) return failure;
        }
      }
      return refused ?? (quiet ? null : this.reportIfNeeded());
    },

    /** Asks how this phone stands: reading was refused. */
    async ask() {
      const device = await meta.get("device");
      if (device) await send(device, []);
    },

    /** An empty push when there is something to tell: lost data, photos that have gone since, or a day without a word. @returns {Promise<Failure | null>} */
    async reportIfNeeded() {
      const device = await meta.get("device");
      if (!device) return null;
      const incidents = (await meta.get("incidents")) ?? [];
      const last = (await meta.get("reported_at")) ?? 0;
      const gone = ((await meta.get("reported_photos")) ?? 0) > 0 && !photosOf(await outbox.all());
      if (!incidents.length && !gone && Math.abs(Date.now() - last) < REPORT_EVERY_MS) return null;
      const failure = await send(device, []);
      // The office's interest in this phone must not stop what the phone is for.
      return failure && failure.code !== "sync.refused" && failure.code !== "sync.server_error" ? failure : null;
    },

    /**
     * Removes what is secured: received whole, and in a backup that is not on the server's own disk. The server says once more
     * that it has it: a database put back by hand may give old numbers to other forms.
     */
    async purge() {
      const candidates = await secured();
      if (!candidates.length) return;
      const { asked } = await have(candidates);
      for (const item of await secured()) {
        if (!asked.has(item.revision_id)) continue;
        await outbox.remove(item.revision_id);
        await phone.files.release(item.attachments.map((attachment) => attachment.sha256));
      }
    },
  };

  async function secured() {
    const { epoch, backup_seq } = await contact.known();
    /** @type {Item[]} */
    const found = [];
    if (!backup_seq) return found;
    for (const item of await outbox.all()) {
      // What the office is still to decide, or rejected, stays until its owner puts it away.
      if (item.state !== "accepted") continue;
      if (item.attachments.some((attachment) => isToSend(attachment) || isToTell(attachment))) continue;
      const receipt = await outbox.receipt(item.revision_id);
      if (receipt && receipt.epoch === epoch && receipt.server_seq <= backup_seq) found.push(item);
    }
    return found;
  }

  /** @param {boolean} all @returns {Promise<Item[]>} */
  async function dueItems(all) {
    const now = Date.now();
    return (await outbox.all()).filter((item) => item.state === "waiting" && (all || isDue(item.next_attempt_at, now)));
  }
}

/** A time far ahead was written by a clock that has been set back since. @param {number} at @param {number} now */
function isDue(at, now) {
  return at <= now || at > now + AHEAD_MS;
}

/** @param {import("../store/phone.js").Alarm} alarm */
function shortened({ kind, at, details }) {
  return { kind, at, details: { ...details, ...(details.ids ? { ids: details.ids.slice(0, IDS_AT_ONCE) } : {}) } };
}

/** Files that the server does not have yet. @param {Item[]} items */
function photosOf(items) {
  return items.reduce((sum, { attachments }) => sum + attachments.filter(isToSend).length, 0);
}

/** @param {Item} item */
function wireItem({ submission_id, revision_id, sha256, encryption, envelope }) {
  return { submission_id, revision_id, sha256, encryption, envelope };
}

/** @param {Item[]} items @returns {Item[][]} */
export function batches(items) {
  /** @type {Item[][]} */
  const found = [];
  let bytes = Infinity;
  for (const item of items) {
    const size = new TextEncoder().encode(JSON.stringify(wireItem(item))).length + 1;
    const last = found.at(-1);
    if (!last || last.length === MOST_ITEMS || bytes + size > MOST_BYTES) {
      found.push([item]);
      bytes = 2000 + size;
    } else {
      last.push(item);
      bytes += size;
    }
  }
  return found;
}

/** Whether the answer speaks of exactly these items, in order. @param {Answer} answer @param {Item[]} items */
function isOurs(answer, items) {
  const results = answer.body?.results;
  return (
    answer.status === 200 && answer.body.proto === 1 && Array.isArray(results) && results.length === items.length &&
    // Of what has no id that can be read it is the place that says which.
    results.every(({ id, receipt }, i) => (receipt ? id === items[i].revision_id && receipt.sha256 === items[i].sha256 : id === null || id === items[i].revision_id))
  );
}

/** @param {Answer | import("../core/http.js").Refusal | import("../core/http.js").Nothing} answer @returns {Failure} */
export function failureOf(answer) {
  // A proxy that finds a request too large: smaller ones may pass.
  if (answer.kind === "nothing" && answer.status === 413) return { code: "sync.too_large" };
  if (answer.kind === "nothing") return { code: answer.why === "network" ? "sync.offline" : answer.why === "timeout" ? "sync.timeout" : "sync.not_ours" };
  const { status } = answer;
  if (answer.kind === "answer" && status < 400) return { code: "sync.not_ours" };
  // A HEAD is refused without words.
  const problem = answer.kind === "problem" ? answer.problem : undefined;
  const after = Number(answer.headers.get("Retry-After")) || undefined;
  if (status === 429 || status === 503) return { code: "sync.busy", problem, after_s: after ?? 30 };
  if (status === 413) return { code: "sync.too_large", problem };
  if (status === 401 || status === 403) return { code: "sync.not_allowed", problem };
  if (status === 426) return { code: "sync.update_needed", problem };
  return { code: status >= 500 ? "sync.server_error" : "sync.refused", problem };
}

/** @param {any} result  of one item @param {number} now @returns {(item: Item) => Partial<Item>} */
function settled(result, now) {
  // Nothing counts as received without the receipt.
  if (!result.receipt && ["accepted", "duplicate", "quarantined"].includes(result.result)) return later;
  switch (result.result) {
    case "accepted":
    case "duplicate":
      return received("accepted", result.receipt, null);
    case "quarantined":
      return received("quarantined", result.receipt, result.problem ?? null);
    case "gone":
      return () => ({ state: "gone", problem: result.problem ?? null });
    case "too_large":
    case "malformed":
      return () => ({ state: "refused", problem: result.problem ?? { code: `sync.${result.result}`, message: {} } });
    case "retry":
      return (item) => ({ attempts: item.attempts + 1, next_attempt_at: now + Math.min(600, Number(result.after_s) || 30) * 1000 });
    default:
      // A result of a later server: nothing is known, so nothing changes.
      return (item) => later(item);
  }
}

/** The server does not have it, whatever it said once. @param {Item} item @returns {Partial<Item>} */
function notThere(item) {
  return {
    state: "waiting",
    attempts: 0,
    attachments: item.attachments.map((attachment) => (attachment.state === "lost" ? { ...attachment, told: false } : { ...attachment, state: "waiting", offset: 0 })),
  };
}

/** @param {Item} item @returns {Partial<Item>} */
function later(item) {
  const attempts = item.attempts + 1;
  return { attempts, next_attempt_at: Date.now() + Math.min(300, 5 * 2 ** attempts) * 1000 };
}

/** @param {string} text */
async function gzipped(text) {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
