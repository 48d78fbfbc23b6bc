/**
 * Speed for the reviewer: keys for decisions, a count of the remarks on the button, the queue at the right place.
 * The page works without it; nothing is decided here.
 */

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("decision"));
const comment = /** @type {HTMLTextAreaElement | null} */ (document.getElementById("comment"));

/** @returns {HTMLTextAreaElement[]} remarks with something written in them */
function writtenRemarks() {
  const boxes = /** @type {NodeListOf<HTMLTextAreaElement>} */ (document.querySelectorAll('textarea[name^="remark"]'));
  return [...boxes].filter((box) => box.value.trim() !== "");
}

function countRemarks() {
  const text = /** @type {HTMLElement | null} */ (document.querySelector("[data-return-text]"));
  if (!text) return;
  const count = writtenRemarks().length;
  const { none, one, many } = text.dataset;
  text.textContent = (count === 0 ? none : count === 1 ? one : many?.replace("{n}", String(count))) ?? "";
}

/** Without remark or comment there is nothing to return with: open the comment instead of asking the server. */
function askForComment() {
  const box = comment?.closest("details");
  if (!box || !comment) return;
  box.open = true;
  comment.focus();
}

/** @param {SubmitEvent} event */
function onSubmit(event) {
  const action = /** @type {HTMLButtonElement | null} */ (event.submitter)?.value;
  const said = comment?.value.trim() !== "";
  const needsWords = action === "reject" ? !said : action === "return" && !said && writtenRemarks().length === 0;
  if (needsWords) {
    event.preventDefault();
    askForComment();
  }
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (target.matches("input, select, textarea, [contenteditable]")) return;
  const onward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  // event.code: the key in its place, also where the keyboard writes Arabic.
  const key = event.key === onward ? "next" : { KeyA: "a", KeyR: "r" }[event.code];
  const latin = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : key;
  const wanted = key === "next" ? key : latin;
  const control = wanted && /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="${wanted}"]`));
  if (!control) return;
  event.preventDefault();
  control.click();
}

form?.addEventListener("submit", onSubmit);
document.addEventListener("keydown", onKey);
document.addEventListener("input", countRemarks);
countRemarks();

const queue = document.querySelector("[data-scroll-to-current]");
const current = /** @type {HTMLElement | null} */ (queue?.querySelector("#current") ?? null);
if (queue && current) queue.scrollTop = Math.max(0, current.offsetTop - queue.clientHeight / 3);
