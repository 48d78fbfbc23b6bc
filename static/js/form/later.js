/** What comes when a form is in sight: moving to another page with the finger, to another version, copies of rows, what resembles a new record; under a result the answers, and its page for the group. */

import { bringLanguage, language } from "../core/i18n.js";
import { answerSections } from "./answers.js";
import { asideSection } from "./aside.js";
import { copyRow } from "./copy.js";
import { attachNewer } from "./newer.js";
import { attachResembling } from "./resembling.js";
import { later } from "./given.js";
import { chosenIn, lineOf } from "./read-only.js";
import { openRoom, paperSheet } from "./room.js";
import { attachSwipe } from "./swipe.js";

Object.assign(later, { copyRow, lineOf, chosenIn, openRoom, paperSheet, answerSections, asideSection });
later.attach = (page, root) => {
  // What is wrong is said in both at a tap.
  void bringLanguage(language() === "ar" ? "fr" : "ar");
  const stops = [attachSwipe(page, root), attachNewer(page, root), attachResembling(page, root)];
  return () => stops.forEach((stop) => stop());
};
