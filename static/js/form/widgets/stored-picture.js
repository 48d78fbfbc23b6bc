/** Shows the kept picture that a question's value names: the thumbnail, or the whole where there is none. */

/** @param {import("../part.js").Field} field */
export function showStored(field) {
  const { local, view } = field;
  if (local.shown === view.value) return;
  drop(local);
  local.shown = view.value;
  local.onDispose = () => drop(local);
  const name = view.value;
  if (!name) return;
  const file = field.session.file(name);
  const { files } = field.session.phone;
  void (async () => {
    const blob = file ? (await files.thumbnail(file.sha256).catch(() => null)) ?? (await files.read(file.sha256).catch(() => null)) : await field.session.begunWith(name);
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
