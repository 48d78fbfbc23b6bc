/**
 * Buttons that copy what stands in a field. Shown only by this script: without it the field is there to select.
 */

/** @param {HTMLInputElement} field */
async function copied(field) {
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    // Without HTTPS, or where the person forbids it: the older way, from the field itself.
    field.select();
    return document.execCommand("copy");
  }
  return true;
}

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("button[data-copy]"))) {
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById(button.dataset.copy ?? ""));
  const said = document.getElementById(`${button.dataset.copy}-copied`);
  button.hidden = !field;
  button.addEventListener("click", async () => {
    if (field && said && (await copied(field))) said.hidden = false;
  });
}
