/**
 * A thin wrapper of IndexedDB that cannot be used wrongly: a change is one transaction, `strict` where asked, whose promise
 * resolves at `oncomplete` and at no other moment. `request.onsuccess` is not "saved": over quota the browser fires it and then
 * aborts. A connection that the browser closed is opened again.
 */

/** The database could not be opened, or lost its stores; details.name says which. */
export class StoreError extends Error {
  /** @param {string} message @param {unknown} [cause] */
  constructor(message, cause) {
    super(message);
    this.name = "StoreError";
    this.cause = cause;
  }
}

/**
 * @typedef {object} Opened  what opening found
 * @property {boolean} created  the database was not there, or was replaced by an empty one
 * @property {string} dataLoss  "none" or what Chromium says of a corrupted store
 */

export class Database {
  #name;
  #options;
  /** @type {Promise<IDBDatabase> | null} */
  #opening = null;
  #opens = 0;
  /**
   * Set while a page of an older version holds the database: our request waits in the browser, and whatever else is asked would
   * wait behind it without a word. @type {StoreError | null}
   */
  #held = null;

  /**
   * @param {string} name
   * @param {object} options
   * @param {number} [options.version]  absent: whatever is there; the first is 1
   * @param {(db: IDBDatabase, from: number) => void} options.upgrade
   * @param {IDBTransactionDurability} [options.durability]
   * @param {boolean} [options.disposable]  may be deleted and made anew when it does not open
   * @param {(opened: Opened, again: boolean) => void} [options.onOpen]  again: not the first time in this page
   */
  constructor(name, options) {
    this.#name = name;
    this.#options = options;
  }

  /** @returns {Promise<IDBDatabase>} */
  open() {
    if (this.#held) return Promise.reject(this.#held);
    this.#opening ??= this.#openFirmly().catch((error) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  async #openFirmly() {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#openOnce();
      } catch (error) {
        if (this.#held) throw this.#held;
        if (attempt === 0 && this.#options.disposable) await this.#delete();
        else if (attempt >= 3) throw new StoreError(`${this.#name} does not open`, error);
        await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
      }
    }
  }

  /** @returns {Promise<IDBDatabase>} */
  #openOnce() {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(this.#name, this.#options.version);
      /** @type {Opened} */
      const opened = { created: false, dataLoss: "none" };
      request.onupgradeneeded = (event) => {
        opened.created = event.oldVersion === 0;
        opened.dataLoss = /** @type {any} */ (event).dataLoss ?? "none";
        this.#options.upgrade(request.result, event.oldVersion);
      };
      request.onblocked = () => reject((this.#held = new StoreError(`${this.#name} is held by another page`)));
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const db = request.result;
        // Closed by the browser (storage cleared, backing store error), or asked to make room: the next use opens again.
        db.onclose = () => (this.#opening = null);
        db.onversionchange = () => {
          this.#opening = null;
          db.close();
        };
        if (this.#held) this.#opening = Promise.resolve(db);
        this.#held = null;
        this.#options.onOpen?.(opened, this.#opens++ > 0);
        resolve(db);
      };
    });
  }

  /** Reads in one transaction. @template T @param {string | string[]} stores @param {(tx: Transaction) => Promise<T>} work @returns {Promise<T>} */
  read(stores, work) {
    return this.#run(stores, "readonly", work);
  }

  /**
   * Changes in one transaction: all of it is on disk when the promise resolves, nothing of it when it rejects.
   * `work` may await only requests of its transaction; anything else lets it commit early.
   *
   * @template T @param {string | string[]} stores @param {(tx: Transaction) => Promise<T>} work @returns {Promise<T>}
   */
  write(stores, work) {
    return this.#run(stores, "readwrite", work);
  }

  /** @template T @param {string | string[]} stores @param {IDBTransactionMode} mode @param {(tx: Transaction) => Promise<T>} work @returns {Promise<T>} */
  async #run(stores, mode, work) {
    const tx = await this.#begin(stores, mode);
    return new Promise((resolve, reject) => {
      /** @type {unknown} */
      let failure = null;
      /** @type {T} */
      let result;
      let finished = false;
      tx.oncomplete = () => (finished ? resolve(result) : reject(failure ?? new StoreError("the transaction ended before its work")));
      tx.onabort = () => reject(failure ?? tx.error ?? new StoreError("the transaction was aborted"));
      work(new Transaction(tx)).then(
        (value) => {
          result = value;
          finished = true;
          // What was read is read; only what is written waits for the end.
          if (mode === "readonly") resolve(value);
        },
        (error) => {
          failure = tx.error ?? error;
          try {
            tx.abort();
          } catch {
            // It had ended already; onabort or oncomplete tells.
          }
        },
      );
    });
  }

  /** @param {string | string[]} stores @param {IDBTransactionMode} mode */
  async #begin(stores, mode) {
    const options = mode === "readwrite" ? { durability: this.#options.durability ?? "relaxed" } : undefined;
    try {
      return (await this.open()).transaction(stores, mode, options);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "InvalidStateError")) throw error;
      // The connection was closed under us.
      this.#opening = null;
      return (await this.open()).transaction(stores, mode, options);
    }
  }

  async close() {
    const opening = this.#opening;
    this.#opening = null;
    if (opening) (await opening).close();
  }

  #delete() {
    return new Promise((resolve) => {
      const request = indexedDB.deleteDatabase(this.#name);
      request.onsuccess = request.onerror = request.onblocked = resolve;
    });
  }
}

/** The requests of one transaction, as promises. */
export class Transaction {
  #tx;

  /** @param {IDBTransaction} tx */
  constructor(tx) {
    this.#tx = tx;
  }

  /** @param {string} store @param {IDBValidKey} key @returns {Promise<any>} */
  get(store, key) {
    return done(this.#tx.objectStore(store).get(key));
  }

  /** @param {string} store @param {IDBKeyRange | null} [range] @returns {Promise<any[]>} */
  all(store, range) {
    return done(this.#tx.objectStore(store).getAll(range));
  }

  /** Rows whose index has this value. @param {string} store @param {string} index @param {IDBValidKey} value @returns {Promise<any[]>} */
  allOf(store, index, value) {
    return done(this.#tx.objectStore(store).index(index).getAll(value));
  }

  /** @param {string} store @param {IDBKeyRange | null} [range] @returns {Promise<any[]>} */
  keys(store, range) {
    return done(this.#tx.objectStore(store).getAllKeys(range));
  }

  /** Not awaited: the transaction's end says whether it worked. @param {string} store @param {unknown} value */
  put(store, value) {
    this.#tx.objectStore(store).put(value);
  }

  /** @param {string} store @param {IDBValidKey | IDBKeyRange} key */
  remove(store, key) {
    this.#tx.objectStore(store).delete(key);
  }

  /** @param {string} store */
  clear(store) {
    this.#tx.objectStore(store).clear();
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {unknown} error */
export function isQuotaError(error) {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}
