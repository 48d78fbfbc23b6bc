/**
 * The worker that delivers what waits while no page of ours is open: the browser wakes it when it believes in a network again
 * (Background Sync, where there is one). It sends and does nothing else: no page, no cache, no pull, and it opens nothing that is
 * sealed. It is registered apart from the shell's worker (pages/background.js), under a scope that holds no page, so that neither
 * can break the other.
 */

import { createHttp } from "../core/http.js";
import { createFiles } from "../store/files.js";
import { Keep } from "../store/keep.js";
import { alone } from "../store/locks.js";
import { createMeta } from "../store/meta.js";
import { createOutbox } from "../store/outbox.js";
import { createVault } from "../store/vault.js";
import { createAttachments } from "./attachments.js";
import { createContact } from "./contact.js";
import { createMeter, photosWait } from "./meter.js";
import { createPush } from "./push.js";

const worker = /** @type {any} */ (globalThis);

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("sync", (/** @type {any} */ event) => event.waitUntil(drain()));

/** Throws when something still waits: the browser then tries again by itself, a few times. */
async function drain() {
  const channel = new BroadcastChannel("daftar");
  let isNew = false;
  const fresh = { yes: false };
  channel.addEventListener("message", ({ data }) => (fresh.yes ||= data.store === "items"));
  const keep = new Keep(
    (store) => channel.postMessage({ store }),
    ({ created }) => (isNew = created),
  );
  try {
    await keep.open();
    // An emptied store is the page's to notice and to tell; there is nothing here to send.
    if (isNew) return;
    // Where a page is at it, it goes on by itself.
    const left = await alone("daftar-sync", () => send(keep, fresh));
    if (left) throw new Error(left);
  } finally {
    channel.close();
    await keep.close();
  }
}

/** @param {Keep} keep @param {{yes: boolean}} fresh  a page kept something meanwhile: its texts go before more photos @returns {Promise<string | null>} why something is left, or null */
async function send(keep, fresh) {
  const meta = createMeta(keep);
  const vault = createVault(meta);
  const install = (await meta.get("install"))?.id ?? "";
  const app = (await meta.get("app")) ?? "";
  const phone = /** @type {any} */ ({
    meta, vault, outbox: createOutbox(keep, vault), files: createFiles(keep, vault), install: () => install,
    async storage() {
      const { usage = 0, quota = 0 } = (await navigator.storage.estimate().catch(() => null)) ?? {};
      return { persisted: await navigator.storage.persisted().catch(() => null), usage, quota };
    },
  });
  const meter = createMeter();
  const http = createHttp(fetch.bind(globalThis), { app, passed: meter.passed });
  const push = createPush({ phone, http, contact: createContact(phone), app });
  const attachments = createAttachments({ phone, http });
  try {
    let failure;
    do {
      fresh.yes = false;
      const refused = await push.run({ all: true, progress() {} });
      // Of one person: the photos of others go.
      failure = refused && refused.code !== "sync.not_allowed" ? refused : null;
      if (!failure && !(await photosWait(phone))) failure = await attachments.run({ progress() {}, interrupted: () => fresh.yes });
      failure ??= refused ?? (await push.reportIfNeeded());
    } while (fresh.yes && !failure);
    return failure?.code ?? null;
  } finally {
    await meter.keep(meta);
  }
}
