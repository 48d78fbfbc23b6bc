import { Database } from "./db.js";

/**
 * What the office sent: instruments, records, datasets, the state of one's own submissions. It may be dropped and fetched again at
 * any release (`daftar-cache`). Rows and cursor are written in one transaction.
 *
 * Entity lists are held in memory, with what unsent items of this phone create or change laid over them.
 *
 * @typedef {Record<string, any> & {name: string, label: string}} Item  as instance(…)/root/item of a form sees it
 *
 * An item says where it stands as ODK's clients do: `__version`, and of one that this phone went on from by itself `__branchId`
 * and `__trunkVersion`, the server's version it began from ("" where the record began here).
 *
 * @typedef {{label: string | null, data: Record<string, any>, line?: Record<string, string>, pulled: boolean, programme_id: string}} Declared
 *
 * @typedef {object} InstrumentRow
 * @property {string} id
 * @property {string} programme_id
 * @property {string} form_id
 * @property {string} version
 * @property {string} sha256
 * @property {Record<string, string>} title
 * @property {boolean} is_open
 * @property {Record<string, string>} datasets
 * @property {boolean} ready  package and datasets are on the phone
 *
 * @typedef {object} Change
 * @property {number} seq
 * @property {"programme" | "instrument" | "entity" | "submission"} kind
 * @property {"put" | "del"} op
 * @property {string} id
 * @property {any} data
 */

const CACHE = "daftar-cache";
const VERSION = 1;
const STORES = ["programmes", "instruments", "entities", "submissions", "kv"];
const SEALED_KINDS = new Set(["entity", "submission"]);
const STORE_OF = { programme: "programmes", instrument: "instruments", entity: "entities", submission: "submissions" };

/** @param {IDBDatabase} db */
function upgrade(db) {
  for (const name of [...db.objectStoreNames]) db.deleteObjectStore(name);
  db.createObjectStore("packages", { keyPath: "sha256" });
  db.createObjectStore("datasets", { keyPath: "sha256" });
  db.createObjectStore("programmes", { keyPath: "id" });
  db.createObjectStore("instruments", { keyPath: ["programme_id", "id"] });
  // Found by list and by id: a removal names the id only.
  db.createObjectStore("entities", { keyPath: "id" }).createIndex("list", "list");
  db.createObjectStore("submissions", { keyPath: "id" });
  db.createObjectStore("kv", { keyPath: "name" });
}

/** @param {{outbox: import("./outbox.js").Outbox, changed: (store: string) => void, vault: import("./vault.js").Vault}} parts */
export function createCatalogue({ outbox, changed, vault }) {
  const db = new Database(CACHE, { version: VERSION, upgrade, disposable: true });
  /** The rows of the person whose key is here. @type {{id: string, db: Database} | null} */
  let own = null;
  /** @type {Promise<any[]> | null} */
  let mine = null;

  /** Rows are each person's own, sealed with her key; packages and lists are everybody's. */
  function rowsDb() {
    const id = vault.keyId;
    if (!id) return db;
    if (own?.id !== id) {
      own?.db.close().catch(() => {});
      own = { id, db: new Database(`${CACHE}-${id}`, { version: VERSION, upgrade, disposable: true }) };
    }
    return own.db;
  }

  /** Rows that were opened: after a change only the changed one is opened again. @type {Map<string, any>} */
  const openedRows = new Map();

  /** @param {string} store @param {any} row @returns {Promise<any>} */
  async function openedRow(store, row) {
    if (!row?.sealed) return row;
    const { sealed, id, ...rest } = row;
    const known = openedRows.get(id);
    if (known?.seq === row.seq) return known;
    const opened = { ...(await vault.openJson(sealed, "row", store, id)), id, ...rest };
    openedRows.set(id, opened);
    return opened;
  }
  /** @type {Map<string, Promise<any>>} parsed packages and datasets by hash */
  const parsed = new Map();
  /** @type {Map<string, Promise<Item[]>>} */
  const lists = new Map();
  /** @type {Promise<Map<string, Map<string, Declared>>> | null} */
  let unsent = null;

  /** What items of this phone declare and the pulled rows do not show yet: list -> id -> change. */
  function overlay() {
    unsent ??= (async () => {
      const receipts = new Map((await outbox.receipts()).map((receipt) => [receipt.revision_id, receipt]));
      const found = new Map();
      const owner = await kv("owner");
      for (const item of await outbox.opened()) {
        // What was deleted or rejected at the office changes no record.
        if (item.state === "gone" || item.rejected || (owner && item.owner !== owner)) continue;
        const { entities = [], programme_id } = item;
        const receipt = receipts.get(item.revision_id);
        const pulled = receipt && item.state === "accepted" && receipt.server_seq <= ((await kv(`cursor:${programme_id}`))?.pulled ?? 0);
        for (const { list, id, label, data, base_version, trunk_version = "", branch_id } of entities) {
          if (!found.has(list)) found.set(list, new Map());
          const changes = found.get(list);
          const before = changes.get(id);
          const line = pulled || !branch_id ? before?.line : { __version: `${base_version + 1}`, __trunkVersion: `${trunk_version}`, __branchId: branch_id };
          // What was pulled is newer than what was sent before it, also where it took the record away.
          changes.set(id, { label: label || before?.label || null, data: { ...before?.data, ...data }, line, pulled: pulled && before?.pulled !== false, programme_id });
        }
      }
      return found;
    })();
    return unsent;
  }

  /** @param {string} name @returns {Promise<any>} */
  const kv = (name) => rowsDb().read("kv", async (tx) => (await tx.get("kv", name))?.value);

  /** @param {any} row @returns {Item} */
  const asItem = (row) => ({ ...row.properties, name: row.id, label: row.label, ...(row.territory ? { territory: row.territory } : {}), ...(row.follower ? { __follower: row.follower } : {}), __version: String(row.version ?? "") });

  /** @param {string} id @param {Item | undefined} before @param {Declared} [change] @returns {Item | undefined} */
  function laidOver(id, before, change) {
    if (!change || change.pulled) return before;
    return { ...(before ?? { __version: "1", __trunkVersion: "" }), ...change.data, ...change.line, name: id, label: change.label ?? before?.label ?? id };
  }

  /** @param {string} list @param {string} [programmeId] @returns {Promise<Item[]>} */
  async function load(list, programmeId) {
    const all = await rowsDb().read("entities", (tx) => tx.allOf("entities", "list", list));
    const rows = await Promise.all(all.filter((row) => !programmeId || row.programme_id === programmeId).map((row) => openedRow("entities", row)));
    /** @type {Map<string, Item>} */
    const items = new Map(rows.map((row) => [row.id, asItem(row)]));
    for (const [id, change] of (await overlay()).get(list) ?? []) {
      const item = laidOver(id, items.get(id), change);
      if (item && (!programmeId || change.programme_id === programmeId)) items.set(id, item);
    }
    return [...items.values()];
  }

  /** @template T @param {"packages" | "datasets"} store @param {string} hash @param {(text: string) => T} read @returns {Promise<T | null>} */
  async function stored(store, hash, read) {
    let found = parsed.get(hash);
    if (!found) {
      found = db.read(store, async (tx) => (await tx.get(store, hash))?.text).then((text) => (text === undefined ? null : read(text)));
      parsed.set(hash, found);
      found.then((value) => value === null && parsed.delete(hash), () => parsed.delete(hash));
      if (parsed.size > 12) parsed.delete(/** @type {string} */ (parsed.keys().next().value));
    }
    return found;
  }

  /** Called by the phone when a store changed, here or in another tab. @param {string} store */
  function forget(store) {
    if (store === "submissions") mine = null;
    if (store !== "items" && store !== "entities") return;
    unsent = null;
    lists.clear();
  }
  vault.on(() => {
    // Whatever is shown next reads them.
    if (vault.keyId) void rowsDb().open().catch(() => {});
    openedRows.clear();
    ["items", "submissions"].forEach(forget);
  });

  return {
    forget,
    open: () => db.open(),
    close: () => Promise.all([db.close(), own?.db.close()]),

    /** Sorted by form and version. @param {string} [programmeId] @returns {Promise<InstrumentRow[]>} */
    async instruments(programmeId) {
      const rows = await rowsDb().read("instruments", (tx) => tx.all("instruments"));
      return db.read(["packages", "datasets"], async (tx) => {
        const packages = new Set(await tx.keys("packages"));
        const datasets = new Set(await tx.keys("datasets"));
        return rows
          .filter((row) => !programmeId || row.programme_id === programmeId)
          .map((row) => ({
            ...row,
            ready: packages.has(row.sha256) && Object.values(row.datasets ?? {}).every((hash) => datasets.has(String(hash))),
          }))
          .sort((a, b) => a.form_id.localeCompare(b.form_id) || (a.version < b.version ? 1 : -1));
      });
    },

    /** The instrument package, parsed; null when it is not on the phone. @param {string} hash @returns {Promise<any>} */
    package: (hash) => stored("packages", hash, JSON.parse),

    /** The rows of a CSV list as items; null when it is not on the phone. @param {string} hash @returns {Promise<Item[] | null>} */
    dataset: (hash) =>
      stored("datasets", hash, (text) => {
        const { columns, rows } = JSON.parse(text);
        return rows.map((/** @type {string[]} */ row) => Object.fromEntries(columns.map((/** @type {string} */ name, /** @type {number} */ i) => [name, row[i] ?? ""])));
      }),

    /** @param {string} list @param {string} [programmeId]  absent: of all her programmes @returns {Promise<Item[]>} the same array until something changes; not to be changed */
    entities(list, programmeId) {
      const key = `${programmeId ?? ""}/${list}`;
      let found = lists.get(key);
      if (!found) {
        found = load(list, programmeId);
        lists.set(key, found);
        found.catch(() => lists.delete(key));
      }
      return found;
    },

    /** @param {string} list @param {string} id @returns {Promise<Item | null>} */
    async entity(list, id) {
      const row = await openedRow("entities", await rowsDb().read("entities", (tx) => tx.get("entities", id)));
      return laidOver(id, row && asItem(row), (await overlay()).get(list)?.get(id)) ?? null;
    },

    /** One's own, as the office sees them. @returns {Promise<any[]>} */
    submissions() {
      if (!mine) {
        mine = rowsDb().read("submissions", (tx) => tx.all("submissions")).then((rows) => Promise.all(rows.map((row) => openedRow("submissions", row))));
        mine.catch(() => (mine = null));
      }
      return mine;
    },

    /** @param {string} id @returns {Promise<any>} */
    submission: async (id) => openedRow("submissions", await rowsDb().read("submissions", async (tx) => (await tx.get("submissions", id)) ?? null)),

    /** @param {string} id @returns {Promise<any>} */
    programme: (id) => rowsDb().read("programmes", async (tx) => (await tx.get("programmes", id)) ?? null),

    kv,

    /** @param {string} programmeId @returns {Promise<string | null>} */
    cursor: async (programmeId) => (await kv(`cursor:${programmeId}`))?.cursor ?? null,

    /**
     * Rows of one page of a pull and its cursor, in one transaction. In a resync rows that did not come again go when it ends.
     *
     * @param {string} programmeId
     * @param {{changes: Change[], next_cursor: string, more: boolean, high_water: number}} page
     * @param {string} [owner]  who asked for them; false when the phone is another person's by now, and nothing was kept
     */
    async apply(programmeId, page, owner) {
      const touched = new Set();
      const rows = rowsDb();
      // Sealed before the transaction begins, which would end by itself meanwhile.
      const contents = await Promise.all(
        page.changes.map(async ({ kind, op, id, data }) => {
          if (op === "del" || !SEALED_KINDS.has(kind) || rows === db) return data;
          const { buffer } = await vault.sealJson(data, "row", STORE_OF[kind], id);
          return { ...(data.list ? { list: data.list } : {}), sealed: buffer };
        }),
      );
      const isHers = await rows.write(STORES, async (tx) => {
        if (owner && (await tx.get("kv", "owner"))?.value !== owner) return false;
        const name = `cursor:${programmeId}`;
        const state = (await tx.get("kv", name))?.value ?? { generation: 1 };
        const { generation } = state;
        for (const [i, change] of page.changes.entries()) {
          const store = STORE_OF[change.kind];
          // A kind of a later server: this release has no use for it.
          if (!store) continue;
          touched.add(store);
          const key = change.kind === "instrument" ? [programmeId, change.id] : change.id;
          if (change.op === "del") tx.remove(store, key);
          else tx.put(store, { ...contents[i], id: change.id, programme_id: programmeId, seq: change.seq, generation });
        }
        if (!page.more && state.sweep) {
          for (const store of Object.values(STORE_OF)) {
            for (const row of await tx.all(store)) {
              if (row.programme_id !== programmeId || row.generation >= generation) continue;
              touched.add(store);
              tx.remove(store, store === "instruments" ? [programmeId, row.id] : row.id);
            }
          }
        }
        const pulled = page.more ? (state.pulled ?? 0) : page.high_water;
        if (pulled !== state.pulled) touched.add("entities");
        tx.put("kv", { name, value: { cursor: page.next_cursor, generation, sweep: page.more && !!state.sweep, pulled } });
        return true;
      });
      for (const store of touched) changed(store);
      return isHers;
    },

    /** The next pull starts from the beginning; rows stay in use until it ends. @param {string} programmeId */
    restart: (programmeId) =>
      rowsDb().write("kv", async (tx) => {
        const name = `cursor:${programmeId}`;
        const { generation = 0, pulled = 0 } = (await tx.get("kv", name))?.value ?? {};
        tx.put("kv", { name, value: { cursor: null, generation: generation + 1, sweep: true, pulled } });
      }),

    /** @param {"packages" | "datasets"} store @param {string} hash */
    has: (store, hash) => db.read(store, async (tx) => (await tx.keys(store, IDBKeyRange.only(hash))).length > 0),

    /** @param {"packages" | "datasets"} store @param {string} hash @param {string} text */
    async keep(store, hash, text) {
      await db.write(store, async (tx) => tx.put(store, { sha256: hash, text }));
      changed(store);
    },

    /** Rows of programmes that the person is no longer in go. @param {string[]} programmeIds  those she is in @param {string} owner */
    async keepOnly(programmeIds, owner) {
      const touched = new Set();
      await rowsDb().write(STORES, async (tx) => {
        if ((await tx.get("kv", "owner"))?.value !== owner) return;
        for (const store of Object.values(STORE_OF)) {
          for (const row of await tx.all(store)) {
            if (programmeIds.includes(row.programme_id)) continue;
            touched.add(store);
            tx.remove(store, store === "instruments" ? [row.programme_id, row.id] : row.id);
          }
        }
        for (const key of await tx.keys("kv")) {
          const name = String(key);
          if (name.startsWith("cursor:") && !programmeIds.includes(name.slice(7))) tx.remove("kv", name);
        }
      });
      for (const store of touched) changed(store);
    },

    /**
     * Whose rows these are from now on. When another person's were here they go; what is the same for all stays.
     *
     * @param {string} personId @param {string} [last]  who signed in last, where no owner was noted
     */
    async belongsTo(personId, last) {
      const rows = rowsDb();
      const isNew = await rows.write(STORES, async (tx) => {
        const noted = (await tx.get("kv", "owner"))?.value;
        if (noted === personId) return false;
        const before = noted ?? last;
        if (before && before !== personId) STORES.forEach((store) => tx.clear(store));
        tx.put("kv", { name: "owner", value: personId });
        return true;
      });
      // What was pulled before she had a key lay in clear.
      if (isNew && rows !== db) await db.write(STORES, async (tx) => STORES.forEach((store) => tx.clear(store)));
      if (isNew) STORES.forEach(changed);
    },
  };
}

/** @typedef {ReturnType<typeof createCatalogue>} Catalogue */
