import { reportError } from "../core/events.js";
import { newId } from "../core/ids.js";
import { loadParts, partsNamed } from "../core/parts.js";
import { Problem } from "../core/problem.js";
import { boundTo, fromBase64, pinKey, SEALED, toBase64 } from "../store/vault.js";

/**
 * Making a data key, wrapping it for the server and by a PIN, getting it back. Formats: docs/encryption.md. Needs the network
 * but for the PIN.
 *
 * @typedef {import("../store/phone.js").Phone} Phone
 * @typedef {(address: string, json: unknown) => Promise<any>} Post  the answer's body; throws a Problem
 * @typedef {{id: string, key: string}} Public  of a key pair of the server
 */

export const CURVE = { name: "ECDH", namedCurve: "P-256" };
const LEAST_ROUNDS = 100_000;
const MOST_ROUNDS = 10_000_000;
const AIM_MS = 900;

/** The key that waits for its PIN, with what is kept beside it; gone with the page. @typedef {{person: string, id: string, raw: Uint8Array, more?: Partial<import("../store/vault.js").KeptKey>}} Fresh */
/** @type {Fresh | null} */
let fresh = null;

/** @param {Fresh} key */
export const waitForPin = (key) => void (fresh = key);

/**
 * What keys/older.js brings. again: opens the key that this phone has of her; false when the office does not hold it. after: what
 * is done once a key is here.
 * @typedef {(phone: Phone, said: any, about: any, post: Post) => Promise<boolean>} Again
 * @type {{again: Again, after?: (phone: Phone, said: any, post: Post) => Promise<void>}}
 */
export const brought = /** @type {any} */ ({});
const more = () => loadParts(partsNamed("later"));

/** Whether this person is to choose a PIN now. @param {string | undefined} person */
export const pinIsToChoose = (person) => fresh !== null && fresh.person === person;

/**
 * Called between the answer to signing in and keeping the person: opens her key, or makes one and gives it into escrow.
 *
 * @param {Phone} phone @param {any} said  the answer @param {string} username @param {Post} post
 */
export async function takeKey(phone, said, username, post) {
  const { sealing } = said;
  if (!sealing) return;
  // For a new key of hers without network (keys/afresh.js).
  await phone.meta.set("server_key", sealing.for);
  // Of a phone that had nothing of hers there is nothing to fetch back or to seal: its first forms have the network to themselves.
  if (await takeOrMake(phone, said, username, post)) more().then(() => brought.after?.(phone, said, post)).catch(reportError);
}

/** @param {Phone} phone @param {any} said @param {string} username @param {Post} post @returns {Promise<boolean>} whether the phone had something of hers before */
async function takeOrMake(phone, said, username, post) {
  const { sealing, person, programmes } = said;
  const { vault } = phone;
  const about = { ...person, username, programmes };
  const known = await vault.kept(person.id);
  if (known) {
    await more();
    if (await brought.again(phone, said, about, post)) return true;
  }
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const id = newId();
  const wrapped = await escrow(raw, sealing.for, person.id, id);
  const finished = (await phone.outbox.all()).filter((item) => item.owner === person.id && item.encryption !== SEALED);
  await post("/api/field/key", { id, wrapped, in_clear: finished.map((item) => item.revision_id) });
  const older = known ? [...(known.older ?? []), { id: known.id, wrapped: known.wrapped }] : [];
  const begun = vault.state === "none" ? await phone.drafts.all(person.id) : [];
  await vault.keep(person.id, { id, wrapped, person: about, older, pin: null, plain: sealing.pin ? null : toBase64(raw), tries: { count: 0, at: 0 } });
  await vault.take(person.id, id, raw);
  for (const draft of begun) await phone.drafts.save(draft);
  if (sealing.pin) fresh = { person: person.id, id, raw };
  return Boolean(known) || (await phone.drafts.count(person.id)) > 0;
}

/** The data key for the server only. @param {Uint8Array} raw @param {Public} server @param {string} person @param {string} id */
export async function escrow(raw, server, person, id) {
  const once = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const where = boundTo("escrow", server.id, person, id);
  const key = await wrappingKey(once.privateKey, fromBase64(server.key), where, "encrypt");
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: where }, key, /** @type {BufferSource} */ (raw));
  const parts = [Uint8Array.of(1), Uint8Array.from(server.id.match(/../g) ?? [], (one) => parseInt(one, 16)), await crypto.subtle.exportKey("raw", once.publicKey), iv, sealed];
  return toBase64(new Uint8Array(await new Blob(/** @type {BlobPart[]} */ (parts)).arrayBuffer()));
}

/** @param {CryptoKey} own @param {Uint8Array} theirs  a point @param {BufferSource} info @param {"encrypt" | "decrypt"} use */
export async function wrappingKey(own, theirs, info, use) {
  const public_ = await crypto.subtle.importKey("raw", /** @type {BufferSource} */ (theirs), CURVE, false, []);
  const secret = await crypto.subtle.deriveBits({ name: "ECDH", public: public_ }, own, 256);
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info }, material, { name: "AES-GCM", length: 256 }, false, [use]);
}

// The PIN

/** Latin digits of what was typed. @param {string} typed */
export const digitsOf = (typed) => typed.replace(/[٠-٩]/g, (one) => String(one.charCodeAt(0) - 0x660)).replace(/\D/g, "");

/** Why a PIN is refused, "" when it is not. @param {string} pin @returns {"" | "short" | "easy"} */
export function weakness(pin) {
  if (pin.length < 6) return "short";
  const steps = new Set([...pin.slice(1)].map((digit, i) => (Number(digit) - Number(pin[i]) + 10) % 10));
  return steps.size === 1 && [0, 1, 9].includes([...steps][0]) ? "easy" : "";
}

/** How many rounds take this phone about a second: what it does in one go, as unlocking will. */
export async function calibratedRounds() {
  const wrap = { salt: toBase64(crypto.getRandomValues(new Uint8Array(16))), rounds: LEAST_ROUNDS, nonce: "", key: "" };
  await pinKey("0", { ...wrap, rounds: 1000 }, "encrypt");
  const began = performance.now();
  await pinKey("135790", wrap, "encrypt");
  const took = Math.max(1, performance.now() - began);
  return Math.min(MOST_ROUNDS, Math.max(LEAST_ROUNDS, Math.round((LEAST_ROUNDS * AIM_MS) / took / 1000) * 1000));
}

/** @param {Phone} phone @param {string} pin  for the key that waits for one */
export async function setPin({ vault }, pin) {
  if (!fresh) throw new Problem("vault.locked");
  const { person, id, raw, more } = fresh;
  await wrapByPin(vault, person, id, raw, pin, more);
  fresh = null;
}

/** @param {import("../store/vault.js").Vault} vault @param {string} person @param {string} id @param {Uint8Array} raw @param {string} pin @param {Fresh["more"]} [more] */
export async function wrapByPin(vault, person, id, raw, pin, more) {
  const rounds = await calibratedRounds();
  const wrap = { salt: toBase64(crypto.getRandomValues(new Uint8Array(16))), rounds, nonce: "", key: "" };
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await pinKey(pin, wrap, "encrypt");
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: boundTo("pin", person, id, rounds) }, key, /** @type {BufferSource} */ (raw));
  await vault.keep(person, { ...more, pin: { ...wrap, nonce: toBase64(iv), key: toBase64(new Uint8Array(sealed)) }, plain: null, tries: { count: 0, at: 0 } });
}
