import { newId } from "../core/ids.js";
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

const CURVE = { name: "ECDH", namedCurve: "P-256" };
const LEAST_ROUNDS = 100_000;
const MOST_ROUNDS = 10_000_000;
const AIM_MS = 900;
const POINT = 65;

/** The key that waits for its PIN; gone with the page. @type {{person: string, id: string, raw: Uint8Array} | null} */
let fresh = null;

/** Whether this person is to choose a PIN now. @param {string | undefined} person */
export const pinIsToChoose = (person) => fresh !== null && fresh.person === person;

/**
 * Called between the answer to signing in and keeping the person: opens her key, or makes one and gives it into escrow.
 *
 * @param {Phone} phone @param {any} said  the answer @param {string} username @param {Post} post
 */
export async function takeKey(phone, said, username, post) {
  const { sealing, person, device, programmes } = said;
  if (!sealing) return;
  const { vault } = phone;
  const about = { ...person, username, programmes };
  const known = await vault.kept(person.id);
  if (known && (await isEscrowed(known, sealing.keys, post))) {
    const isOpen = vault.person === person.id && vault.keyId === known.id;
    const raw = known.plain ? fromBase64(known.plain) : isOpen ? null : await returned(person.id, device.id, known.id, post);
    if (raw && !isOpen) await vault.take(person.id, known.id, raw);
    await vault.keep(person.id, { person: about, ...(raw && !sealing.pin ? { plain: toBase64(raw), pin: null } : {}) });
    if (raw && sealing.pin) fresh = { person: person.id, id: known.id, raw };
    return;
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
}

/** Whether the server can give this key back. One that lost it, restored from a backup, takes the phone's wrap again. @param {import("../store/vault.js").KeptKey} known @param {string[]} held @param {Post} post */
async function isEscrowed({ id, wrapped }, held, post) {
  if (held.includes(id)) return true;
  try {
    await post("/api/field/key", { id, wrapped, in_clear: [] });
    return true;
  } catch (error) {
    // Of the phone as it was enrolled before it was revoked, or for a key pair that is gone: what it sealed is still delivered.
    if (error instanceof Problem && error.code === "keys.bad_key") return false;
    throw error;
  }
}

/** The key again, for this phone only. @param {string} person @param {string} device @param {string} id @param {Post} post */
async function returned(person, device, id, post) {
  const once = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", once.publicKey));
  const { wrapped } = await post("/api/field/key/return", { id, to: toBase64(point) });
  const bytes = fromBase64(wrapped);
  const where = boundTo("return", await pairId(point), device, person, id);
  const key = await wrappingKey(once.privateKey, bytes.subarray(9, 9 + POINT), where, "decrypt");
  const raw = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes.subarray(9 + POINT, 21 + POINT), additionalData: where }, key, bytes.subarray(21 + POINT));
  return new Uint8Array(raw);
}

/** The data key for the server only. @param {Uint8Array} raw @param {Public} server @param {string} person @param {string} id */
async function escrow(raw, server, person, id) {
  const once = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const where = boundTo("escrow", server.id, person, id);
  const key = await wrappingKey(once.privateKey, fromBase64(server.key), where, "encrypt");
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: where }, key, /** @type {BufferSource} */ (raw));
  const parts = [Uint8Array.of(1), Uint8Array.from(server.id.match(/../g) ?? [], (one) => parseInt(one, 16)), await crypto.subtle.exportKey("raw", once.publicKey), iv, sealed];
  return toBase64(new Uint8Array(await new Blob(/** @type {BlobPart[]} */ (parts)).arrayBuffer()));
}

/** @param {Uint8Array} point */
async function pairId(point) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", /** @type {BufferSource} */ (point)));
  return [...hash.subarray(0, 8)].map((one) => one.toString(16).padStart(2, "0")).join("");
}

/** @param {CryptoKey} own @param {Uint8Array} theirs  a point @param {BufferSource} info @param {"encrypt" | "decrypt"} use */
async function wrappingKey(own, theirs, info, use) {
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
  const { person, id, raw } = fresh;
  await wrapByPin(vault, person, id, raw, pin);
  fresh = null;
}

/** @param {Phone} phone @param {string} person @param {string} old @param {string} pin  throws as vault.rawKey() */
export async function changePin({ vault }, person, old, pin) {
  const raw = await vault.rawKey(person, old);
  const { id } = /** @type {import("../store/vault.js").KeptKey} */ (await vault.kept(person));
  await wrapByPin(vault, person, id, raw, pin);
}

/** @param {import("../store/vault.js").Vault} vault @param {string} person @param {string} id @param {Uint8Array} raw @param {string} pin */
async function wrapByPin(vault, person, id, raw, pin) {
  const rounds = await calibratedRounds();
  const wrap = { salt: toBase64(crypto.getRandomValues(new Uint8Array(16))), rounds, nonce: "", key: "" };
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await pinKey(pin, wrap, "encrypt");
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: boundTo("pin", person, id, rounds) }, key, /** @type {BufferSource} */ (raw));
  await vault.keep(person, { pin: { ...wrap, nonce: toBase64(iv), key: toBase64(new Uint8Array(sealed)) }, plain: null, tries: { count: 0, at: 0 } });
}
