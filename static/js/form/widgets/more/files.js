/** What questions answered by a file share: taking one, its kept bytes, what to say when the phone has no room. */

import { formatNumber, t } from "../../../core/i18n.js";

/** The office takes files up to 64 MiB. */
export const MOST_BYTES = 64e6;

export const limitText = () => t("At most {size} MB.", { size: formatNumber(MOST_BYTES / 1e6) });
export const noRoomText = () => t("The phone could not keep the file. Free some space, then try again.");

/** The name's ending, or one after its type. @param {string} name @param {string} type */
export function extensionOf(name, type) {
  const ending = /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1].toLowerCase();
  return ending ?? (/^(?!application\/(?!pdf$))\w+\/(?:x-)?([a-z0-9]{1,8})\b/.exec(type)?.[1] || "bin");
}

/**
 * Copies the bytes of a chosen file now: the file of a camera or of another application may go away.
 * @param {import("../../part.js").Field} field @param {Blob} chosen @param {string} [name]
 * @returns {Promise<void>}
 */
export async function keepFile(field, chosen, name = "") {
  const { local } = field;
  local.problem = "";
  // Of an empty one nothing can be sent: it only stands for a file that is elsewhere.
  if (!chosen.size || chosen.size > MOST_BYTES) {
    local.problem = chosen.size ? `${t("This file is too large.")} ${limitText()}` : t("This file is empty: choose another.");
    field.update();
    return;
  }
  local.busy = true;
  field.update();
  try {
    const bytes = await chosen.arrayBuffer();
    const type = chosen.type.split(";")[0].slice(0, 80) || "application/octet-stream";
    forget(field);
    await field.attach({ bytes, type, extension: extensionOf(name, type) });
  } catch {
    local.problem = noRoomText();
  } finally {
    local.busy = false;
    field.update();
  }
}

/** Takes what an <input type=file> chose. @param {import("../../part.js").Field} field @param {HTMLInputElement} input */
export function takeFile(field, input) {
  const chosen = input.files?.[0];
  if (chosen) field.session.hold(keepFile(field, chosen, chosen.name).finally(() => { input.value = ""; }));
}

/** Reads the kept file, to play it here. @param {import("../../part.js").Field} field */
export async function openKept(field) {
  const { local, session, view } = field;
  const file = session.file(view.value);
  const blob = file && (await session.phone.files.read(file.sha256).catch(() => null));
  if (session.file(field.view.value) !== file) return;
  forget(field);
  if (blob) local.url = URL.createObjectURL(blob);
  else local.away = true;
  field.update();
}

/** Lets go of the bytes that were played. @param {import("../../part.js").Field} field */
export function forget({ local }) {
  if (local.url) URL.revokeObjectURL(local.url);
  local.url = "";
  local.away = false;
}
