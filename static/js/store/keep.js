import { Problem } from "../core/problem.js";
import { Database, isQuotaError } from "./db.js";

/**
 * The database of what must not be lost: `daftar-outbox`, version 1 for ever (docs/phone-store.md). Opened without a version
 * number, so that no release, older or newer, can fail on it.
 *
 * @typedef {import("./db.js").Transaction} Transaction
 * @typedef {import("./db.js").Opened} Opened
 */

export const OUTBOX = "daftar-outbox";
// In Cache Storage, whose room comes back at once: that of a removed record comes when the browser tidies its files.
const RESERVE = "reserve";
const RESERVE_AT = "/field/reserve";
const RESERVE_BYTES = 4 * 1024 * 1024;
const ROOM_COMES_MS = [0, 200, 600, 1500];

/** @param {IDBDatabase} db */
function upgrade(db) {
  db.createObjectStore("drafts", { keyPath: "id" });
  db.createObjectStore("items", { keyPath: "revision_id" });
  db.createObjectStore("chunks", { keyPath: ["sha256", "n"] });
  db.createObjectStore("receipts", { keyPath: "revision_id" });
  db.createObjectStore("meta", { keyPath: "name" });
}

export class Keep {
  #db;
  #changed;

  /** @param {(store: string) => void} changed  after each commit, for each store @param {(opened: Opened, again: boolean) => void} onOpen */
  constructor(changed, onOpen) {
    this.#changed = changed;
    this.#db = new Database(OUTBOX, { upgrade, onOpen, durability: "strict" });
  }

  open() {
    return this.#db.open();
  }

  close() {
    return this.#db.close();
  }

  /** @template T @param {string | string[]} stores @param {(tx: Transaction) => Promise<T>} work */
  read(stores, work) {
    return this.#db.read(stores, work);
  }

  /**
   * One strict transaction. When the phone is full, the reserve is given up so that words can still be saved; photos may not use it.
   *
   * @template T @param {string | string[]} stores @param {(tx: Transaction) => Promise<T>} work
   * @param {{reserve?: boolean}} [may]  reserve: whether the reserve may be spent
   * @returns {Promise<T>}
   */
  async write(stores, work, { reserve = true } = {}) {
    let result;
    try {
      result = await this.#db.write(stores, work);
    } catch (error) {
      if (!isQuotaError(error)) throw error;
      if (!reserve) throw new Problem("phone.full");
      await this.#spendReserve();
      result = await this.#writeAsRoomComes(stores, work);
    }
    for (const store of [stores].flat()) this.#changed(store);
    return result;
  }

  /**
   * On a disk that is full by other hands, room may come a moment later.
   * @template T @param {string | string[]} stores @param {(tx: Transaction) => Promise<T>} work @returns {Promise<T>}
   */
  async #writeAsRoomComes(stores, work) {
    for (const wait of ROOM_COMES_MS) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      try {
        return await this.#db.write(stores, work);
      } catch (error) {
        if (!isQuotaError(error)) throw error;
      }
    }
    throw new Problem("phone.full");
  }

  async #spendReserve() {
    await (await caches.open(RESERVE)).delete(RESERVE_AT);
  }

  /** Puts the reserve there unless it is; says whether it is. Random bytes, should a browser ever compress them. */
  async fillReserve() {
    const cache = await caches.open(RESERVE);
    if (await cache.match(RESERVE_AT)) return true;
    const bytes = new Uint8Array(RESERVE_BYTES);
    for (let at = 0; at < bytes.length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
    try {
      await cache.put(RESERVE_AT, new Response(bytes));
      return true;
    } catch (error) {
      if (isQuotaError(error)) return false;
      throw error;
    }
  }
}
