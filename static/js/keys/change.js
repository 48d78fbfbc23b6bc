import { wrapByPin } from "./enrol.js";

/** Another PIN for the key that is here. @param {import("../store/phone.js").Phone} phone @param {string} person @param {string} old @param {string} pin  throws as vault.rawKey() */
export async function changePin({ vault }, person, old, pin) {
  const raw = await vault.rawKey(person, old);
  const { id } = /** @type {import("../store/vault.js").KeptKey} */ (await vault.kept(person));
  await wrapByPin(vault, person, id, raw, pin);
}
