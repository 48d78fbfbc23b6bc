import { localDay } from "../core/clock.js";

/** How much sending and updating used this month, about; and whether photos are to wait for Wi-Fi. */

export function createMeter() {
  let bytes = 0;
  return {
    /** @param {number} more */
    passed(more) {
      bytes += more;
    },
    /** @param {import("../store/meta.js").Meta} meta */
    async keep(meta) {
      const month = localDay().slice(0, 7);
      const more = bytes;
      bytes = 0;
      if (more) await meta.change("data_used", (used) => ({ month, bytes: (used?.month === month ? used.bytes : 0) + more }));
    },
  };
}

/** What the browser knows of the network: true on Wi-Fi, false on mobile data, null when it does not say. @returns {boolean | null} */
export function onWifi() {
  const type = /** @type {any} */ (navigator).connection?.type;
  return !type || type === "unknown" ? null : type !== "cellular" && type !== "wimax" && type !== "bluetooth";
}

/** The person asked it, and the phone is on mobile data. @param {{meta: import("../store/meta.js").Meta}} phone */
export const photosWait = async ({ meta }) => (await meta.get("photos_by_wifi")) === true && onWifi() === false;
