/** The second script: rarer kinds of questions, fetched with the instruments that need them (widgets/index.js, needsMore). */

import { auditLog } from "./audit.js";
import { chooseMore } from "./widgets/more/choose.js";
import { mediaTemplate } from "./widgets/more/media.js";
import { addRareFunctions } from "../engine/xpath/rare.js";
import { registerWidgets } from "./widgets/index.js";

registerWidgets({ choose: chooseMore, media: mediaTemplate, audit: auditLog });
addRareFunctions();
