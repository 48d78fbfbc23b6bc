/** The second script: rarer kinds of questions, fetched with the instruments that need them (widgets/index.js, needsMore). */

import { auditLog } from "./audit.js";
import { adopt, begunWith } from "./default-file.js";
import { keepLast, lastSaved } from "./last-saved.js";
import { chooseMore } from "./widgets/more/choose.js";
import { mediaTemplate } from "./widgets/more/media.js";
import { addRareFunctions } from "../engine/xpath/rare.js";
import { t } from "../core/i18n.js";
import { registerWidgets } from "./widgets/index.js";

/** Why an answer cannot be one of this type, where the first script does not say it. @param {string} type */
function text(type) {
  if (/^geo(trace|shape)/.test(type)) return t("More points are needed: two for a line, three for a shape.");
  if (type === "time") return t("There is no such time: please enter hours and minutes again.");
  return type === "dateTime" ? t("There is no such day or time: please enter both again.") : "";
}

registerWidgets({ choose: chooseMore, media: mediaTemplate, text, audit: auditLog, lastSaved, keepLast, adopt, begunWith });
addRareFunctions();
