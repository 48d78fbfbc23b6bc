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

/**
 * Without remark or comment there is nothing to return with: open the comment and say so beside it.
 * @param {string} action
 */
function askForComment(action) {
  const box = comment?.closest("details");
  if (!box || !comment) return;
  box.open = true;
  const missing = document.getElementById("comment-missing");
  if (missing) {
    missing.hidden = false;
    missing.textContent = (action === "reject" ? missing.dataset.reject : missing.dataset.return) ?? "";
    comment.setAttribute("aria-invalid", "true");
  }
  comment.focus();
}

function wordsAreThere() {
  const missing = document.getElementById("comment-missing");
  if (!missing || missing.hidden || (comment?.value.trim() === "" && writtenRemarks().length === 0)) return;
  missing.hidden = true;
  missing.textContent = "";
  comment?.removeAttribute("aria-invalid");
}

/** @param {SubmitEvent} event */
function onSubmit(event) {
  const action = /** @type {HTMLButtonElement | null} */ (event.submitter)?.value ?? "";
  const said = comment?.value.trim() !== "";
  const needsWords = action === "reject" ? !said : action === "return" && !said && writtenRemarks().length === 0;
  if (needsWords) {
    event.preventDefault();
    askForComment(action);
    return;
  }
  sending = true;
  keep();
}

/** A key alone decides nothing final: it asks, naming the submission, with Enter at hand. */
function askToApprove() {
  const question = document.getElementById("approve-question");
  if (!question) return;
  question.hidden = false;
  /** @type {HTMLElement | null} */ (question.querySelector("button.go"))?.focus();
}

function closeQuestion() {
  const question = document.getElementById("approve-question");
  if (!question || question.hidden) return;
  question.hidden = true;
  document.getElementById("main")?.focus({ preventScroll: true });
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.key === "Escape") closeQuestion();
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
  if (wanted === "a") askToApprove();
  else control.click();
}

/** Words not sent yet stay in this tab: leaving the page, or a failing network, does not lose them. */
const draftKey = form ? `remarks:${form.dataset.draft}` : "";
let sending = false;

/** @returns {(HTMLTextAreaElement | HTMLSelectElement)[]} */
function fields() {
  return form
    ? [.../** @type {NodeListOf<HTMLTextAreaElement | HTMLSelectElement>} */ (document.querySelectorAll("textarea[name], select[form]"))]
    : [];
}

function isWritten() {
  return writtenRemarks().length > 0 || (comment?.value.trim() ?? "") !== "";
}

function keep() {
  if (!form) return;
  const texts = Object.fromEntries(fields().filter((one) => one.value !== "").map((one) => [one.name, one.value]));
  try {
    if (isWritten()) sessionStorage.setItem(draftKey, JSON.stringify({ sent: sending ? basedOn() : "", texts }));
    else sessionStorage.removeItem(draftKey);
  } catch {
    // A browser that keeps nothing still warns on leaving.
  }
}

function basedOn() {
  return /** @type {HTMLInputElement | null} */ (form?.elements.namedItem("based_on"))?.value ?? "";
}

function bringBack() {
  if (!form) return;
  /** @type {{sent: string, texts: Record<string, string>} | null} */
  let draft = null;
  try {
    draft = JSON.parse(sessionStorage.getItem(draftKey) ?? "null");
    // Sent, and an event came after what it was based on: it arrived, or the server brought it back itself.
    if (draft?.sent && draft.sent !== basedOn()) {
      sessionStorage.removeItem(draftKey);
      return;
    }
  } catch {
    return;
  }
  for (const one of draft ? fields() : []) {
    const text = draft?.texts[one.name];
    if (!text || one.value !== "") continue;
    one.value = text;
    const box = one.closest("details");
    if (box) box.open = true;
  }
}

/** @param {MouseEvent} event */
function onClick(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest("[data-close-question]")) closeQuestion();
  const box = target.closest("summary")?.closest("details");
  if (!box?.matches(".add-remark, .comment-box")) return;
  // The box opens after this event; the bar at the bottom must not hide it.
  requestAnimationFrame(() => {
    const text = box.querySelector("textarea");
    if (!box.open || !text) return;
    text.focus({ preventScroll: true });
    if (box.matches(".add-remark")) box.scrollIntoView({ block: "center" });
  });
}

form?.addEventListener("submit", onSubmit);
document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("input", () => {
  countRemarks();
  wordsAreThere();
  keep();
});
addEventListener("beforeunload", (event) => {
  if (sending || !isWritten()) return;
  event.preventDefault();
  event.returnValue = "";
});
document.querySelector("form.sign-out")?.addEventListener("submit", () => {
  try {
    sessionStorage.clear();
  } catch {
    // Nothing was kept.
  }
});
bringBack();
countRemarks();

const queue = document.querySelector("[data-scroll-to-current]");
const current = /** @type {HTMLElement | null} */ (queue?.querySelector("#current") ?? null);
if (queue && current) queue.scrollTop = Math.max(0, current.offsetTop - queue.clientHeight / 3);
