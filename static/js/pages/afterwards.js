/** The script that comes once the phone is ready: what helps in a form, the page of a result for the group, the list of what was sent, the pages of a record, of the phone and of a link that enrols it. */

import {} from "../form/later.js";
import {} from "../keys/older.js";
import { openAfresh } from "./afresh.js";
import { noticesOf, stuckPage } from "./alarms.js";
import { openEnrol } from "./enrol.js";
import { notices, registerPages } from "./later.js";
import { openLists } from "./lists.js";
import { openOutbox } from "./outbox.js";
import { openPhonePage } from "./phone.js";
import { openRecord } from "./record.js";
import { openRescue } from "./rescue.js";

Object.assign(notices, { of: noticesOf, stuck: stuckPage });
registerPages({
  afresh: openAfresh,
  enrol: openEnrol,
  lists: openLists,
  outbox: openOutbox,
  phone: openPhonePage,
  record: openRecord,
  rescue: openRescue,
});
