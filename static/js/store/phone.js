import { localIso } from "../core/clock.js";
import { createEmitter, reportError } from "../core/events.js";
import { whenIdle } from "../core/idle.js";
import { compare, rememberedOutside, rememberOutside } from "./canary.js";
import { createCatalogue } from "./catalogue.js";
import { createDrafts } from "./drafts.js";
import { createFiles } from "./files.js";
import { Keep } from "./keep.js";
import { alone } from "./locks.js";
import { createMeta } from "./meta.js";
import { createOutbox } from "./outbox.js";
import { createVault } from "./vault.js";

/**
 * Everything the phone keeps. Opens both databases, notices what was lost, and tells of each committed change, from this tab or
 * another. The interface is docs/phone-store.md.
 *
 * @typedef {import("./canary.js").Alarm} Alarm
 * @typedef {{persisted: boolean | null, asked_at: string | null, usage: number, quota: number}} StorageState
 */

/** @param {{atHand?: boolean}} [options]  atHand: facts stay at hand (meta.js) until one changes, or the page that opened says so */
export async function openPhone({ atHand = false } = {}) {
  /** @type {ReturnType<typeof createEmitter<{store: string}>>} */
  const changes = createEmitter();
  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("daftar") : null;
  /** @type {Alarm[]} */
  const alarms = [];
  /** @type {import("./db.js").Opened} */
  let opened = { created: false, dataLoss: "none" };
  let install = "";

  const keep = new Keep(changed, (found, again) => {
    opened = found;
    // The store vanished while the page was open: what the page still holds is all there is.
    if (again && found.created) checkAgain().catch(reportError);
  });
  const meta = createMeta(keep);
  const vault = createVault(meta);
  const outbox = createOutbox(keep, vault);
  const files = createFiles(keep, vault);
  const drafts = createDrafts(keep, files, vault);
  const catalogue = createCatalogue({ outbox, changed, vault });

  /** @param {string} store */
  function changed(store) {
    heard(store);
    channel?.postMessage({ store });
    if (install && (store === "items" || store === "drafts" || store === "receipts")) remember();
  }

  /** @param {string} store */
  function heard(store) {
    if (store === "meta") meta.atHand(null);
    if (store === "items") {
      unsent = null;
      itemChanges++;
    }
    catalogue.forget(store);
    changes.emit({ store });
  }

  async function unsentIds() {
    /** @type {import("./outbox.js").Item[]} */
    const items = await keep.read("items", (tx) => tx.all("items"));
    return items.filter((item) => item.state === "waiting" || item.state === "refused").map((item) => item.revision_id);
  }

  /** @type {string[] | null} revisions not received; null: to be read again */
  let unsent = null;
  let itemChanges = 0;
  // One at a time, always of the newest state. A draft is saved at each answer, so items are read only when they changed.
  let remembering = false;
  let again = false;
  async function remember() {
    again = true;
    if (remembering) return;
    remembering = true;
    try {
      while (again) {
        again = false;
        const before = itemChanges;
        const ids = unsent ?? (await unsentIds());
        // What changed while it was read is read again the next time.
        if (before === itemChanges) unsent = ids;
        rememberOutside({ id: install, unsent: ids, ...(await keep.read(["drafts", "meta"], draftsOf)) });
      }
    } catch (error) {
      reportError(error);
    } finally {
      remembering = false;
    }
  }

  async function check() {
    // Asked for together: the first screen waits for this.
    const kept = await keep.read(["items", "receipts", "meta", "drafts"], async (tx) => {
      const [drafts, rows, items, receipts] = await Promise.all([tx.keys("drafts"), tx.all("meta"), tx.keys("items"), tx.keys("receipts")]);
      const facts = Object.fromEntries(rows.map(({ name, value }) => [name, value]));
      return {
        rows,
        drafts: drafts.length,
        gone: facts.drafts_gone ?? 0,
        install: /** @type {string | undefined} */ (facts.install?.id),
        alarms: /** @type {Alarm[]} */ (facts.alarms ?? []),
        incidents: /** @type {Alarm[]} */ (facts.incidents ?? []),
        known: new Set([...items, ...receipts].map(String)),
      };
    });
    const found = compare({ ...opened, ...kept }, rememberedOutside(), localIso());
    install = found.id;
    if (atHand) meta.atHand(kept.rows);
    atHand = false;
    // The alarm is in the store before the outside memory is renewed: a kill in between loses no warning.
    const all = [...kept.alarms, ...found.alarms];
    const incidents = [...kept.incidents, ...found.alarms].slice(-20);
    if (!kept.install || found.alarms.length)
      await meta.setAll({ alarms: all, incidents, ...(kept.install ? {} : { install: { id: install, created_at: localIso() } }) });
    alarms.splice(0, alarms.length, ...all);
    whenIdle(() => void remember());
  }

  async function checkAgain() {
    await check();
    changes.emit({ store: "alarms" });
  }

  /** An older page may hold the catalogue: said at once, and over when it lets go. */
  function openLater() {
    /** @type {Alarm} */
    const alarm = { kind: "cache_unavailable", at: localIso(), details: {} };
    alarms.push(alarm);
    const again = setInterval(async () => {
      if (await catalogue.open().then(() => false, () => true)) return;
      clearInterval(again);
      if (alarms.includes(alarm)) alarms.splice(alarms.indexOf(alarm), 1);
      changes.emit({ store: "alarms" });
      heard("entities");
    }, 1000);
  }

  channel?.addEventListener("message", (event) => heard(event.data.store));
  // Both at once: the first screen waits for them, and for this one first.
  const keeping = keep.open();
  const cacheFailed = catalogue.open().then(() => false, () => true);
  await keeping;
  await check();
  if (await cacheFailed) openLater();
  setTimeout(() => files.sweep().catch(reportError), 10_000);

  return {
    drafts,
    outbox,
    files,
    catalogue,
    meta,
    vault,
    /** For rescue files, which bring rows as they are. */
    keep,
    /** Shown before any new entry until acknowledged. */
    alarms,
    /** Of this installation of the page on this phone. */
    install: () => install,

    /** Called after every committed change, of this tab or another. @param {(change: {store: string}) => void} listener */
    on: (listener) => changes.on(listener),

    /** The person has read it. The office hears of it at the next contact all the same. @param {Alarm} alarm */
    async acknowledge(alarm) {
      const at = alarms.indexOf(alarm);
      if (at >= 0) alarms.splice(at, 1);
      await meta.set("alarms", [...alarms]);
      changes.emit({ store: "alarms" });
    },

    /** @template T @param {string} name @param {() => Promise<T>} work  null when another tab is at it */
    alone: (name, work) => alone(`daftar-${name}`, work),

    /** Asks the browser to protect the storage, keeps the answer, fills the reserve. @returns {Promise<StorageState>} */
    async protect() {
      const granted = (await navigator.storage?.persist?.().catch(() => false)) ?? false;
      const before = await meta.get("storage");
      await meta.set("storage", { persisted: granted, asked_at: localIso() });
      if (!granted && before?.persisted !== false) alarms.push({ kind: "storage_refused", at: localIso(), details: {} });
      await keep.fillReserve();
      return this.storage();
    },

    /** @returns {Promise<StorageState>} */
    async storage() {
      const kept = await meta.get("storage");
      const estimate = (await navigator.storage?.estimate?.().catch(() => undefined)) ?? {};
      const persisted = (await navigator.storage?.persisted?.().catch(() => null)) ?? null;
      return { persisted, asked_at: kept?.asked_at ?? null, usage: estimate.usage ?? 0, quota: estimate.quota ?? 0 };
    },

    async close() {
      channel?.close();
      vault.close();
      await Promise.all([keep.close(), catalogue.close()]);
    },
  };
}

/** How many are here, and how many were finished or deleted. @param {import("./db.js").Transaction} tx */
async function draftsOf(tx) {
  const [drafts, gone] = await Promise.all([tx.keys("drafts"), tx.get("meta", "drafts_gone")]);
  return { drafts: drafts.length, gone: gone?.value ?? 0 };
}

/** @typedef {Awaited<ReturnType<typeof openPhone>>} Phone */
