/** The script of the pages that are opened rarely: signing in, a link of the office, the phone itself (later.js). */

import { openEnrol } from "./enrol.js";
import { registerPages } from "./later.js";
import { openPhonePage } from "./phone.js";
import { openSignIn } from "./sign-in.js";

registerPages({ enrol: openEnrol, phone: openPhonePage, "sign-in": openSignIn });
