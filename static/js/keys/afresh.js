/**
 * A forgotten PIN without network: a new key beside the old one. What the old one sealed stays sealed and is still sent; it opens
 * again once the person has signed in (keys/older.js). Nobody has proven yet who begins here: what is sealed with the new key waits
 * at the office until then.
 */

import { newId } from "../core/ids.js";
import { escrow, waitForPin } from "./enrol.js";

/** @typedef {import("../store/phone.js").Phone} Phone */

/**
 * Makes the key, which then waits for its PIN: nothing is kept before setPin() of enrol.js. Null where this phone does not know
 * the office's key yet.
 *
 * @param {Phone} phone @param {string} person
 * @returns {Promise<{open: () => Promise<void>} | null>}  open: after the PIN was chosen
 */
export async function beginAfresh(phone, person) {
  const { vault, meta } = phone;
  const [server, kept] = [await meta.get("server_key"), await vault.kept(person)];
  if (!server || !kept) return null;
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const id = newId();
  const wrapped = await escrow(raw, server, person, id);
  // The old PIN's wrap stays with its key: no way to read is thrown away.
  // What lay under the old key is asked for again with it.
  const older = [...(kept.older ?? []).map(({ id, wrapped, pin }) => ({ id, wrapped, pin })), { id: kept.id, wrapped: kept.wrapped, pin: kept.pin }];
  waitForPin({ person, id, raw, more: { id, wrapped, older, session: undefined } });
  return {
    async open() {
      await vault.take(person, id, raw);
      await phone.catalogue.belongsTo(person);
      await bringForms(phone, kept.id, person);
    },
  };
}

/** Forms are nobody's own and lie in clear: they come along. Records wait for the office. @param {Phone} phone @param {string} from  the old key @param {string} person */
async function bringForms(phone, from, person) {
  const rows = await rowsOf(`daftar-cache-${from}`);
  for (const programme of new Set(rows.map(({ row }) => row.programme_id))) {
    const changes = rows.filter(({ row }) => row.programme_id === programme).map(({ kind, row }) => ({ seq: row.seq, kind, op: /** @type {const} */ ("put"), id: row.id, data: row }));
    await phone.catalogue.apply(programme, { changes, next_cursor: "", more: false, high_water: 0 }, person);
    // The next pull brings everything, and takes away what is no longer there.
    await phone.catalogue.restart(programme);
  }
}

/** @param {string} name @returns {Promise<{kind: "programme" | "instrument", row: any}[]>} none when that cache is not there */
function rowsOf(name) {
  return new Promise((resolve) => {
    const opening = indexedDB.open(name);
    opening.onupgradeneeded = () => /** @type {IDBTransaction} */ (opening.transaction).abort();
    opening.onerror = () => resolve([]);
    opening.onsuccess = () => {
      const db = opening.result;
      const tx = db.transaction(["programmes", "instruments"]);
      const [programmes, instruments] = ["programmes", "instruments"].map((store) => tx.objectStore(store).getAll());
      tx.oncomplete = () => {
        db.close();
        resolve([...programmes.result.map((row) => ({ kind: /** @type {const} */ ("programme"), row })), ...instruments.result.map((row) => ({ kind: /** @type {const} */ ("instrument"), row }))]);
      };
      tx.onabort = () => resolve([]);
    };
  });
}
