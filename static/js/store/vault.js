import { createEmitter, reportError } from "../core/events.js";
import { Problem } from "../core/problem.js";

/**
 * The data key of the person who holds the phone, in memory only, and what is done with it: seal, open, lock. Formats:
 * docs/encryption.md. Making keys and choosing a PIN is keys/enrol.js, in a script of its own.
 *
 * A person without a key (a phone of before, or a server that asks for none) keeps things as they are: in clear.
 *
 * @typedef {object} PinWrap
 * @property {string} salt
 * @property {number} rounds
 * @property {string} nonce
 * @property {string} key
 *
 * @typedef {object} KeptKey  in meta.keys, by person
 * @property {string} id
 * @property {any} person  as meta.person: who can be switched to
 * @property {string} wrapped  escrow: for the server only
 * @property {PinWrap | null} [pin]
 * @property {string | null} [plain]  her programmes ask for no PIN
 * @property {{count: number, at: number}} [tries]  wrong PINs in a row, and when the last was
 * @property {{id: string, wrapped: string, pin?: PinWrap | null, sealed?: ArrayBuffer}[]} [older]  whose forms may still be here; sealed: the
 *   key itself under the present one, once the office gave it back
 * @property {string[]} [brought]  ids of those that came in a rescue file: whose they are is not proven
 * @property {ArrayBuffer} [session]  sealed: what reads at the office
 *
 * @typedef {"none" | "open" | "locked" | "sign_in"} VaultState  sign_in: only the office can give the key back
 */

export const SEALED = "sealed-1";
const HEAD = 29;
export const MOST_TRIES = 15;
const FREE_TRIES = 3;
const LONGEST_WAIT_MS = 600_000;
const NEIGHBOUR_MS = 150;
export const AWAY_MS = 5 * 60_000;

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @param {string} text */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));

/** @param {...unknown} names */
export const boundTo = (...names) => new TextEncoder().encode(["daftar-1", ...names].join(" "));

/** @param {string} id */
const idBytes = (id) => Uint8Array.from(id.replaceAll("-", "").match(/../g) ?? [], (one) => parseInt(one, 16));

/** @param {string} pin @param {PinWrap} wrap @param {"encrypt" | "decrypt"} use @returns {Promise<CryptoKey>} */
export async function pinKey(pin, { salt, rounds }, use) {
  const digits = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt: fromBase64(salt), iterations: rounds }, digits, { name: "AES-GCM", length: 256 }, false, [use]);
}

/** @param {Uint8Array} raw */
const imported = (raw) => crypto.subtle.importKey("raw", /** @type {BufferSource} */ (raw), "AES-GCM", false, ["encrypt", "decrypt"]);

/** @param {import("./meta.js").Meta} meta */
export function createVault(meta) {
  /** keys: hers by id, of which `id` seals. @type {{person: string, id: string, keys: Record<string, CryptoKey>, session: string} | null} */
  let held = null;
  /** @type {VaultState} */
  let state = "none";
  /** Whom the state is about. @type {string | undefined} */
  let whose;
  /** @type {ReturnType<typeof createEmitter<VaultState>>} */
  const changes = createEmitter();
  const neighbours = "BroadcastChannel" in globalThis ? new BroadcastChannel("daftar-vault") : null;

  neighbours?.addEventListener("message", ({ data }) => {
    // A window that just opened asks those that are unlocked; a key that scripts cannot read may go from one to the other.
    if (data.ask && held?.person === data.ask && !isAway()) neighbours.postMessage({ give: held });
    if (data.lock && held) close("locked");
    disowned(data.disowned);
  });

  /** Only the office can give her key back. @param {string} person */
  const disowned = (person) => {
    if (whose === person && (held || state === "locked")) close("sign_in");
  };

  /** Since when nobody looks at this page, by a clock that a phone's sleep does not stop as it stops timers; 0: somebody does. */
  let left = 0;
  const isAway = () => left > 0 && Date.now() - left > AWAY_MS;

  /** When this page last tried a PIN, by the clock that nobody sets. */
  let tried = 0;

  /** @param {{count: number, at: number}} [tries] */
  function waitOf({ count, at } = { count: 0, at: 0 }) {
    if (count >= MOST_TRIES) return Infinity;
    const whole = count < FREE_TRIES ? 0 : Math.min(LONGEST_WAIT_MS, 5000 * 2 ** (count - FREE_TRIES));
    // A clock that is set back does not shorten it, nor does one set forward: it has to pass in this page.
    return Math.max(0, Math.min(whole, Math.max(at + whole - Date.now(), tried + whole - performance.now())));
  }

  /** @param {VaultState} next */
  function close(next) {
    held = null;
    state = next;
    changes.emit(next);
  }

  /** @param {string} person @returns {Promise<KeptKey | undefined>} */
  const kept = async (person) => (await meta.get("keys"))?.[person];

  /** @param {string} person @param {Partial<KeptKey>} patch */
  const keep = (person, patch) => meta.change("keys", (keys = {}) => ({ ...keys, [person]: { ...keys[person], ...patch } }));

  /** @param {string} person @param {string} id @param {Uint8Array} raw */
  async function take(person, id, raw) {
    const [key, { older = [], session } = {}] = await Promise.all([imported(raw), kept(person)]);
    /** @type {typeof held} */
    const taken = { person, id, keys: { [id]: key }, session: "" };
    /** @param {ArrayBuffer | undefined} sealed @param {string} kind @param {string} name */
    const open = async (sealed, kind, name) => (sealed && (await openWith(taken.keys, sealed, kind, name).catch(reportError))) || undefined;
    for (const { id: old, sealed } of older) {
      const bytes = await open(sealed, "key", old);
      if (bytes) taken.keys[old] = await imported(bytes);
    }
    taken.session = new TextDecoder().decode(await open(session, "session", person));
    held = taken;
    whose = person;
    state = "open";
    changes.emit(state);
  }

  /** Problem as open(). @param {Record<string, CryptoKey>} keys @param {ArrayBuffer | Uint8Array} sealed @param {string} kind @param {...unknown} names */
  async function openWith(keys, sealed, kind, ...names) {
    const bytes = new Uint8Array(sealed);
    const id = Object.keys(keys).find((one) => idBytes(one).every((byte, i) => byte === bytes[i + 1]));
    if (!id) throw new Problem("vault.locked");
    const where = boundTo(kind, id, ...names);
    try {
      return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes.subarray(17, HEAD), additionalData: where }, keys[id], bytes.subarray(HEAD)));
    } catch {
      throw new Problem("vault.unreadable");
    }
  }

  /** What another window holds. @param {string} person @returns {Promise<typeof held>} */
  function asked(person) {
    return new Promise((resolve) => {
      if (!neighbours) return resolve(null);
      const hear = (/** @type {MessageEvent} */ { data }) => data.give?.person === person && resolve(data.give);
      neighbours.addEventListener("message", hear);
      neighbours.postMessage({ ask: person });
      setTimeout(() => {
        neighbours.removeEventListener("message", hear);
        resolve(null);
      }, NEIGHBOUR_MS);
    });
  }

  return {
    /** @returns {VaultState} */
    get state() {
      return state;
    },
    /** @param {string} id  of a key */
    has: (id) => Boolean(held?.keys[id]),
    /** Whose key is here, "" when none is. */
    get person() {
      return held?.person ?? "";
    },
    get keyId() {
      return held?.id ?? "";
    },
    /** What reads at the office, "" when nothing does. */
    get session() {
      return held?.session ?? "";
    },
    on: changes.on,
    isAway,
    /** @param {boolean} isSeen  whether somebody looks at this page from now on */
    look: (isSeen) => void (left = isSeen ? 0 : Date.now()),
    kept,
    keep,
    take,

    /** The phone is hers: opens by itself where it can. @param {string | undefined} person @returns {Promise<VaultState>} */
    async resume(person) {
      if (held && held.person === person) return state;
      const found = person ? await kept(person) : undefined;
      held = null;
      whose = person;
      state = !found ? "none" : found.pin ? "locked" : "sign_in";
      if (found?.plain && person) await take(person, found.id, fromBase64(found.plain));
      else if (found?.pin && person) {
        const given = await asked(person);
        if (given?.keys && given.id === found.id) {
          held = given;
          state = "open";
        }
      }
      changes.emit(state);
      return state;
    },

    /** Milliseconds until the next try, Infinity when only the office can help. @param {string} person */
    wait: async (person) => waitOf((await kept(person))?.tries),

    /** The raw key, or Problem "vault.wrong", "vault.wait". A try counts before it is made: a kill undoes none, nor does another window. @param {string} person @param {string} pin */
    async rawKey(person, pin) {
      let count = 0;
      const found = await meta.change("keys", (/** @type {Record<string, KeptKey>} */ keys = {}) => {
        const own = keys[person];
        if (!own?.pin || waitOf(own.tries)) return keys;
        count = (own.tries?.count ?? 0) + 1;
        return { ...keys, [person]: { ...own, tries: { count, at: Date.now() } } };
      });
      const { id, pin: wrap } = found[person] ?? {};
      if (!count || !wrap) throw new Problem("vault.wait");
      tried = performance.now();
      const key = await pinKey(pin, wrap, "decrypt");
      try {
        const where = boundTo("pin", person, id, wrap.rounds);
        const raw = await crypto.subtle.decrypt({ name: "AES-GCM", iv: fromBase64(wrap.nonce), additionalData: where }, key, fromBase64(wrap.key));
        keep(person, { tries: { count: 0, at: 0 } }).catch(reportError);
        return new Uint8Array(raw);
      } catch (error) {
        tried = performance.now();
        if (error instanceof DOMException && error.name === "OperationError") throw new Problem("vault.wrong", {}, { left: MOST_TRIES - count });
        throw error;
      }
    },

    /** @param {string} person @param {string} pin */
    async unlock(person, pin) {
      const raw = await this.rawKey(person, pin);
      await take(person, /** @type {KeptKey} */ (await kept(person)).id, raw);
    },

    /** Forgets the key: in every window, or only in this one, which nobody looks at. @param {{here?: boolean}} [options] */
    async lock({ here = false } = {}) {
      // Without a PIN there is nothing to ask for.
      if (!held || !(await kept(held.person))?.pin) return;
      if (!here) neighbours?.postMessage({ lock: true });
      close("locked");
    },

    /** No PIN opens anything of hers here any more, with a key of before neither. @param {string} person @param {Partial<KeptKey>} [patch] */
    shed: (person, patch) =>
      meta.change("keys", (/** @type {Record<string, KeptKey>} */ keys = {}) => {
        const own = keys[person];
        return own ? { ...keys, [person]: { ...own, ...patch, pin: null, plain: null, older: own.older?.map((one) => ({ ...one, pin: null })) } } : keys;
      }),

    /** The office took reading away, in every window whoever was told. What is finished needs no key to be sent. @param {string} person */
    async disown(person) {
      await this.shed(person);
      neighbours?.postMessage({ disowned: person });
      disowned(person);
    },

    /** Whether what this person keeps is sealed with the key that is here. @param {string} person */
    seals: (person) => held !== null && held.person === person,

    /** @param {BufferSource} content @param {string} kind @param {...unknown} names @returns {Promise<Uint8Array>} */
    async seal(content, kind, ...names) {
      if (!held) throw new Problem("vault.locked");
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const where = boundTo(kind, held.id, ...names);
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: where }, held.keys[held.id], content);
      const out = new Uint8Array(HEAD + sealed.byteLength);
      out[0] = 1;
      out.set(idBytes(held.id), 1);
      out.set(iv, 17);
      out.set(new Uint8Array(sealed), HEAD);
      return out;
    },

    /** Problem "vault.locked" when the key is not here, "vault.unreadable" when the bytes are not what they were. @param {ArrayBuffer | Uint8Array} sealed @param {string} kind @param {...unknown} names */
    open: (sealed, kind, ...names) => openWith(held?.keys ?? {}, sealed, kind, ...names),

    /** Another key of hers, for reading. @param {string} old  its id @param {Uint8Array} raw */
    async add(old, raw) {
      const key = await imported(raw);
      if (held) held.keys[old] = key;
      changes.emit(state);
    },

    /** Keeps what reads at the office, sealed. @param {string} person @param {string} token */
    async enter(person, token) {
      const { buffer } = await this.seal(new TextEncoder().encode(token), "session", person);
      await keep(person, { session: /** @type {ArrayBuffer} */ (buffer) });
      if (held) held.session = token;
    },

    /** @param {unknown} value @param {string} kind @param {...unknown} names */
    sealJson(value, kind, ...names) {
      return this.seal(new TextEncoder().encode(JSON.stringify(value)), kind, ...names);
    },

    /** @param {ArrayBuffer | Uint8Array} sealed @param {string} kind @param {...unknown} names @returns {Promise<any>} */
    async openJson(sealed, kind, ...names) {
      return JSON.parse(new TextDecoder().decode(await this.open(sealed, kind, ...names)));
    },

    /** An envelope's text as it is sent: packed, sealed, base64. @param {string} text @param {string} submissionId @param {string} revisionId */
    async sealEnvelope(text, submissionId, revisionId) {
      const plain = new TextEncoder().encode(text);
      const packed = "CompressionStream" in globalThis;
      const body = packed ? await through(plain, new CompressionStream("gzip")) : plain;
      const content = new Uint8Array(1 + body.length);
      content[0] = packed ? 1 : 0;
      content.set(body, 1);
      return toBase64(await this.seal(content, "envelope", submissionId, revisionId));
    },

    /** @param {{envelope: string, encryption: string, submission_id: string, revision_id: string}} item @returns {Promise<any>} */
    async openEnvelope({ envelope, encryption, submission_id, revision_id }) {
      if (encryption !== SEALED) return JSON.parse(envelope);
      const content = await this.open(fromBase64(envelope), "envelope", submission_id, revision_id);
      const body = content.subarray(1);
      return JSON.parse(new TextDecoder().decode(content[0] ? await through(body, new DecompressionStream("gzip")) : body));
    },

    close: () => neighbours?.close(),
  };
}

/** @param {Uint8Array} bytes @param {GenericTransformStream} stream */
async function through(bytes, stream) {
  return new Uint8Array(await new Response(new Blob([/** @type {BlobPart} */ (bytes)]).stream().pipeThrough(/** @type {any} */ (stream))).arrayBuffer());
}

/** @typedef {ReturnType<typeof createVault>} Vault */
