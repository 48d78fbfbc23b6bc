/** What comes when a form is in sight: moving to another page with the finger, moving to another version, what resembles a new record. */

import { attachNewer } from "./newer.js";
import { attachResembling } from "./resembling.js";
import { later } from "./second.js";
import { attachSwipe } from "./swipe.js";

later.attach = (page, root) => {
  const stops = [attachSwipe(page, root), attachNewer(page, root), attachResembling(page, root)];
  return () => stops.forEach((stop) => stop());
};
