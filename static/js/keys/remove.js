/**
 * Takes the ways to read of one person away from this phone: the wraps of her PINs, the pulled rows, her place among those who use it.
 * What the office opens stays: wraps in escrow and items, until they are secured.
 *
 * @param {import("../store/phone.js").Phone} phone @param {string} person
 */
export async function forget(phone, person) {
  const { vault, meta } = phone;
  const kept = await vault.kept(person);
  if (!kept) return;
  await vault.shed(person, { person: null });
  for (const { id } of [kept, ...(kept.older ?? [])]) indexedDB.deleteDatabase(`daftar-cache-${id}`);
  if ((await meta.get("person"))?.id === person) await meta.set("person", null);
}
