/**
 * A phone that keeps nothing: what form and summary ask of the store (docs/phone-store.md), in memory, with the lists of a form
 * on trial. It touches no database of this browser, so that a trial cannot meet what is really recorded.
 */

import { createEmitter } from "../core/events.js";
import { sha256 } from "../core/ids.js";

/**
 * @typedef {object} Trial  what the page holds (app/pwa/preview.py)
 * @property {any} package
 * @property {string} sha256
 * @property {Record<string, {columns: string[], rows: string[][]}>} datasets  by hash
 * @property {Record<string, any[]>} entities
 * @property {{id: string, name: any, consent: any}} programme
 */

/** @param {Trial} trial */
export function createPreviewPhone(trial) {
  const pkg = trial.package;
  /** @type {ReturnType<typeof createEmitter<{store: string}>>} */
  const changes = createEmitter();
  /** @type {Map<string, any>} */
  const drafts = new Map();
  /** @type {Map<string, any>} */
  const items = new Map();
  /** @type {Map<string, {blob: Blob, thumbnail: Blob | null}>} */
  const files = new Map();
  const person = { id: "trial", username: "trial", programmes: [{ id: trial.programme.id, territories: [] }] };
  /** @type {Map<string, unknown>} who fills it, and what the form before left for last-saved# */
  const facts = new Map([["person", person]]);
  const instrument = { id: pkg.form_id, form_id: pkg.form_id, version: pkg.version, sha256: trial.sha256, title: pkg.title, is_open: true, datasets: {} };
  /** @type {Map<string, any[]>} */
  const rows = new Map();
  for (const [hash, { columns, rows: cells }] of Object.entries(trial.datasets)) {
    rows.set(hash, cells.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i] ?? ""]))));
  }
  /** What finished forms of this trial made or changed, as an unsent item of a phone does. @param {string} list */
  function entities(list) {
    const found = new Map((trial.entities[list] ?? []).map((row) => [row.name, row]));
    for (const { envelope } of items.values()) {
      for (const one of JSON.parse(envelope).entities) {
        if (one.list === list) found.set(one.id, { ...found.get(one.id), ...one.data, name: one.id, label: one.label || found.get(one.id)?.label || one.id });
      }
    }
    return [...found.values()];
  }
  const copy = (/** @type {any} */ value) => structuredClone(value);

  return {
    pkg, instrument, person,
    drafts: {
      all: async () => [...drafts.values()],
      get: async (/** @type {string} */ id) => copy(drafts.get(id) ?? null),
      async save(/** @type {any} */ draft) {
        drafts.set(draft.id, copy(draft));
      },
      async remove(/** @type {string} */ id) {
        drafts.delete(id);
      },
      async finish(/** @type {any} */ draft, /** @type {any} */ item) {
        drafts.delete(draft.id);
        items.set(item.revision_id, { ...item, draft_id: draft.id });
        changes.emit({ store: "items" });
        return { item, lost: [] };
      },
    },
    outbox: {
      all: async () => [...items.values()],
      get: async (/** @type {string} */ id) => items.get(id) ?? null,
      receipt: async () => null,
      content: async (/** @type {any} */ item) => JSON.parse(item.envelope),
    },
    meta: {
      get: async (/** @type {string} */ name) => copy(facts.get(name)),
      async set(/** @type {string} */ name, /** @type {unknown} */ value) {
        facts.set(name, copy(value));
      },
    },
    files: {
      async put(/** @type {ArrayBuffer} */ bytes, /** @type {{type: string, thumbnail?: ArrayBuffer}} */ { type, thumbnail }) {
        const hash = await sha256(bytes);
        files.set(hash, { blob: new Blob([bytes], { type }), thumbnail: thumbnail ? new Blob([thumbnail], { type: "image/jpeg" }) : null });
        return { sha256: hash, size: bytes.byteLength, type };
      },
      isWhole: async (/** @type {string} */ hash) => files.has(hash),
      async read(/** @type {string} */ hash) {
        const file = files.get(hash);
        if (!file) throw new Error(`no file ${hash}`);
        return file.blob;
      },
      thumbnail: async (/** @type {string} */ hash) => files.get(hash)?.thumbnail ?? null,
    },
    catalogue: {
      instruments: async () => [instrument],
      package: async (/** @type {string} */ hash) => (hash === trial.sha256 ? pkg : null),
      dataset: async (/** @type {string} */ hash) => rows.get(hash) ?? null,
      entities: async (/** @type {string} */ list) => entities(list),
      entity: async (/** @type {string} */ list, /** @type {string} */ id) => entities(list).find((row) => row.name === id) ?? null,
      programme: async () => trial.programme,
      submissions: async () => [],
    },
    on: changes.on,
  };
}
