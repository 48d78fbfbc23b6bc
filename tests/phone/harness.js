import { openPhone } from "../../static/js/store/phone.js";
import { createSync } from "../../static/js/sync/sync.js";
import { newId, sha256 } from "../../static/js/core/ids.js";
import { localIso } from "../../static/js/core/clock.js";
import { beginAfresh } from "../../static/js/keys/afresh.js";
import { forget } from "../../static/js/keys/remove.js";
import { bringIn, rescueFile } from "../../static/js/keys/rescue.js";
import { Problem } from "../../static/js/core/problem.js";
import { createSchedule } from "../../static/js/sync/schedule.js";
import { pinIsToChoose, setPin, takeKey } from "../../static/js/keys/enrol.js";
import { sealPhotos } from "../../static/js/keys/older.js";
import { toBase64 } from "../../static/js/store/vault.js";

/** What the tests call in the page: drafts and items as the form makes them. */
const tools = {
  openPhone, createSync, createSchedule, Problem, bringIn, rescueFile, forget, newId, sha256, pinIsToChoose, setPin, takeKey, toBase64, beginAfresh, sealPhotos,

  draft(values = {}) {
    const now = localIso();
    return {
      id: newId(), owner: "amina", form_id: "diag", form_version: "1", form_sha256: "f", programme_id: "p1", submission_id: newId(),
      parent_revision_id: null, subject: null, snapshot: { answers: { name: "تعاونية الأمل" } }, section: "", question: "", progress: null,
      title: "تعاونية الأمل", created_at: now, updated_at: now, remarks: [], files: [], encryption: "none", ...values,
    };
  },

  async item(draft, extra = {}) {
    const revision_id = newId();
    const attachments = draft.files.map(({ sha256, size, type, name, question, sealed }) => ({ name, question, sha256, size, type, sealed }));
    const envelope = JSON.stringify({
      proto: 1, submission_id: draft.submission_id, revision_id, programme_id: draft.programme_id, form_id: draft.form_id, author_id: draft.owner,
      answers: draft.snapshot.answers, entities: [], attachments, ...extra,
    });
    return {
      revision_id, submission_id: draft.submission_id, owner: draft.owner, form_id: draft.form_id, title: draft.title, subject: draft.subject, envelope,
      sha256: await sha256(envelope), encryption: "none", finished_at: localIso(),
      attachments: draft.files.map(({ sha256, size, type }) => ({ sha256, size, type, state: "waiting", offset: 0 })),
      state: "waiting", problem: null, attempts: 0, next_attempt_at: 0,
    };
  },

  /** A draft saved and finished: its item. */
  async finished(phone, values = {}, extra = {}) {
    const draft = tools.draft(values);
    await phone.drafts.save(draft);
    const { item } = await phone.drafts.finish(draft, await tools.item(draft, extra));
    return item;
  },

  bytes(length, seed = 1) {
    const bytes = new Uint8Array(length);
    for (let i = 0, x = seed; i < length; i++) bytes[i] = x = (x * 1103515245 + 12345) & 0xff;
    return bytes;
  },

  /** Bytes that say something a scan finds. */
  marked(length, marker) {
    const bytes = tools.bytes(length);
    const text = new TextEncoder().encode(marker);
    for (let at = 100; at + text.length < length; at += 400) bytes.set(text, at);
    return bytes;
  },

  /** The outbox's database without our wrapper. */
  database: () => new Promise((resolve) => (indexedDB.open("daftar-outbox").onsuccess = (event) => resolve(event.target.result))),

  /** What the browser's store cannot compress. */
  random(length) {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
    return bytes;
  },

  async signedIn(takeKey) {
    const phone = await openPhone();
    const sync = createSync({ phone, fetch: fetch.bind(globalThis), app: "test" });
    await sync.signIn("amina", "right", takeKey);
    return Object.assign(globalThis, { phone, sync });
  },
};
Object.assign(globalThis, { tools, ready: true });
