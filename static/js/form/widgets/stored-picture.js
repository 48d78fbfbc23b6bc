/** Shows the kept picture that a question's value names: the thumbnail, or the whole where there is none. */

/** @param {import("../part.js").Field} field */
export function showStored(field) {
  const { local, view } = field;
  if (local.shown === view.value) return;
  drop(local);
  local.shown = view.value;
  local.onDispose = () => drop(local);
  const file = view.value ? field.session.file(view.value) : null;
  if (!file) {
    local.away = view.value !== "";
    return;
  }
  const { files } = field.session.phone;
  const name = view.value;
  void (async () => {
    const blob = (await files.thumbnail(file.sha256).catch(() => null)) ?? (await files.read(file.sha256).catch(() => null));
    if (local.shown !== name) return;
    if (blob) local.url = URL.createObjectURL(blob);
    else local.away = true;
    field.update();
  })();
}

/** @param {any} local */
function drop(local) {
  if (local.url) URL.revokeObjectURL(local.url);
  local.url = "";
  local.away = false;
}
