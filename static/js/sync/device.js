/**
 * The credentials by which this phone delivers: one a person who signed in here. They work while nobody is signed in, and an item
 * goes under its own author's.
 *
 * @typedef {{id: string, credential: string, username: string}} Device
 */

/** @param {{meta: import("../store/meta.js").Meta}} phone @param {string} owner @returns {Promise<Device | null>} */
export async function deviceOf({ meta }, owner) {
  const devices = (await meta.get("devices")) ?? {};
  // Somebody else's credential delivers too: the office then asks who wrote it, and nothing stays behind.
  return devices[owner] ?? (await meta.get("device")) ?? null;
}

/** `Chrome 120, Android 11` for the office's list of phones. @param {string} [agent] */
export function deviceLabel(agent = navigator.userAgent) {
  const browser = /(SamsungBrowser|Firefox|Edg|OPR|Chrome|Safari)\/(\d+)/.exec(agent);
  const system = /\((?:Linux; )?(Android [\d.]+|[^;)]+)/.exec(agent);
  return [browser && `${browser[1]} ${browser[2]}`, system?.[1]].filter(Boolean).join(", ").slice(0, 80);
}
