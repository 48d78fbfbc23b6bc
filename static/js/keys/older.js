/**
 * Signing in again on a phone that has a key of hers, and what follows when a key is here: keys from before are fetched back, so that
 * what they sealed opens again, and photos that drafts took before there was a key are sealed. Forms finished before it keep their bytes: docs/encryption.md, "What stays clear".
 */

import { Problem } from "../core/problem.js";
import { boundTo, fromBase64, MOST_TRIES, toBase64 } from "../store/vault.js";
import { brought, CURVE, waitForPin, wrappingKey } from "./enrol.js";

/** @typedef {import("../store/phone.js").Phone} Phone @typedef {import("./enrol.js").Post} Post */

const POINT = 65;

/**
 * The key again, for this phone only; null when the server cannot give it. The wrap shows that this phone made it, though it may be
 * enrolled anew since.
 *
 * @param {string} person @param {string} device @param {{id: string, wrapped: string}} kept @param {Post} post
 */
async function returned(person, device, { id, wrapped: kept }, post) {
  const once = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", once.publicKey));
  const said = await post("/api/field/key/return", { id, to: toBase64(point), wrapped: kept }).catch((error) => {
    if (error instanceof Problem && (error.code === "keys.bad_key" || error.code === "keys.none")) return null;
    throw error;
  });
  if (!said) return null;
  const bytes = fromBase64(said.wrapped);
  const where = boundTo("return", await pairId(point), device, person, id);
  const key = await wrappingKey(once.privateKey, bytes.subarray(9, 9 + POINT), where, "decrypt");
  const raw = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes.subarray(9 + POINT, 21 + POINT), additionalData: where }, key, bytes.subarray(21 + POINT));
  return new Uint8Array(raw);
}

/** @param {Uint8Array} point */
async function pairId(point) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", /** @type {BufferSource} */ (point)));
  return [...hash.subarray(0, 8)].map((one) => one.toString(16).padStart(2, "0")).join("");
}

/** @type {import("./enrol.js").Again} */
async function again({ vault, drafts }, { sealing, person, device }, about, post) {
  const known = /** @type {import("../store/vault.js").KeptKey} */ (await vault.kept(person.id));
  const isHeld = await isEscrowed(known, known.brought, sealing.keys, post);
  const isOpen = vault.person === person.id && vault.keyId === known.id;
  const raw = known.plain ? fromBase64(known.plain) : isHeld && isOpen ? null : await returned(person.id, device.id, known, post);
  if (!isHeld || (!raw && !isOpen)) {
    // What she began is sealed with it, and no server gives it back now: where her PIN still opens it, it stays.
    if (raw || !known.pin || (known.tries?.count ?? 0) >= MOST_TRIES || !(await drafts.count(person.id))) return false;
  }
  if (raw && !isOpen) await vault.take(person.id, known.id, raw);
  await vault.keep(person.id, { person: about, ...(raw && !sealing.pin ? { plain: toBase64(raw), pin: null } : {}) });
  if (raw && sealing.pin) waitForPin({ person: person.id, id: known.id, raw });
  return true;
}

/** Whether the server can give this key back. One that lost it, restored from a backup, takes the phone's wrap again. @param {{id: string, wrapped: string}} known @param {string[] | undefined} strange  ids of keys from rescue files @param {string[]} held @param {Post} post */
async function isEscrowed({ id, wrapped }, strange, held, post) {
  if (held.includes(id)) return true;
  // Whoever made the file may hold the key: given into escrow by her, what it seals would count as hers.
  if (strange?.includes(id)) return false;
  try {
    await post("/api/field/key", { id, wrapped, in_clear: [] });
    return true;
  } catch (error) {
    // Of the phone as it was enrolled before it was revoked, or for a key pair that is gone: what it sealed is still delivered.
    if (error instanceof Problem && error.code === "keys.bad_key") return false;
    throw error;
  }
}

/** @param {Phone} phone @param {any} said  the answer to signing in @param {Post} post */
async function afterKey(phone, { sealing, person, device }, post) {
  if (!phone.vault.seals(person.id)) return;
  // The last first: it may open those before it.
  const own = await phone.vault.kept(person.id);
  for (const { id, wrapped, sealed } of [...(own?.older ?? [])].reverse()) {
    if (phone.vault.has(id)) continue;
    await isEscrowed({ id, wrapped }, own?.brought, sealing.keys, post);
    const raw = (sealed && (await phone.vault.open(sealed, "key", id).catch(() => null))) || (await returned(person.id, device.id, { id, wrapped }, post));
    if (!raw) continue;
    const { buffer } = await phone.vault.seal(/** @type {BufferSource} */ (raw), "key", id);
    // Before the change that is told to the pages.
    await phone.vault.add(id, raw);
    const { older = [] } = /** @type {import("../store/vault.js").KeptKey} */ (await phone.vault.kept(person.id));
    await phone.vault.keep(person.id, { older: older.map((one) => (one.id === id ? { ...one, sealed: /** @type {ArrayBuffer} */ (buffer) } : one)) });
    indexedDB.deleteDatabase(`daftar-cache-${id}`);
  }
  await sealPhotos(phone, person.id);
}

Object.assign(brought, { again, after: afterKey });

/** Photos of drafts; one that is being filled is left for the next time. @param {Phone} phone @param {string} owner */
export async function sealPhotos(phone, owner) {
  const { drafts, files, vault } = phone;
  if (!vault.seals(owner)) return;
  for (const { id } of await drafts.all(owner)) {
    await navigator.locks.request(`draft:${id}`, { ifAvailable: true }, async (lock) => {
      const draft = lock && (await drafts.get(id));
      if (!draft) return;
      /** @type {string[]} */
      const clear = [];
      const kept = [];
      for (const file of draft.files ?? []) {
        const content = file.sealed ? null : await files.read(file.sha256).catch(() => null);
        if (!content) {
          kept.push(file);
          continue;
        }
        const { name, question, type, sha256 } = file;
        kept.push({ ...file, name, question, ...(await files.put(content, { type, thumbnail: await files.thumbnail(sha256) })) });
        clear.push(sha256);
      }
      if (!clear.length) return;
      await drafts.save({ ...draft, files: kept });
      await files.release(clear);
    });
  }
}
