/**
 * Asks the browser to deliver what waits after the page was closed, as soon as there is network (sync/drain.js). A hint only: where
 * there is no Background Sync, or the browser does not keep its promise, what waits goes when the page is opened.
 */

const SCOPE = "/field/drain/";
const TAG = "outbox";

/** @param {import("../store/phone.js").Phone} phone @param {import("../sync/sync.js").Sync} sync */
export function deliverInBackground(phone, sync) {
  if (!("SyncManager" in globalThis) || !navigator.serviceWorker) return;
  let asked = false;

  /** Its worker comes with the first network after the phone has a person; later only the wish is renewed. */
  async function ask() {
    const { waiting, photos } = await phone.outbox.counts();
    const network = sync.state.phase === "idle";
    if (!network && !waiting && !photos) return;
    await phone.meta.set("app", document.documentElement.dataset.version ?? "");
    const kept = await navigator.serviceWorker.getRegistration(SCOPE);
    if (kept?.scope.endsWith(SCOPE) !== true && !network) return;
    const registration = await navigator.serviceWorker.register("/field/drain.js", { scope: SCOPE, updateViaCache: "none" });
    if ((waiting || photos) && registration.active) await /** @type {any} */ (registration).sync.register(TAG);
  }

  sync.on(() => {
    const rests = ["idle", "offline", "signed_out"].includes(sync.state.phase);
    if (!rests) asked = false;
    if (!rests || asked) return;
    asked = true;
    ask().catch(() => {});
  });
}
