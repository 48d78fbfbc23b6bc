/** A row like another one, after it. Photos and recordings show one thing and stay with theirs; nobody agrees for another. */

import { t } from "../core/i18n.js";

/** Copies a row; the message takes it back. @param {import("./form-page.js").Page} page @param {string} row @param {(copy: string) => void} [shown] @param {() => void} [undone] */
export function copyRow(page, row, shown, undone) {
  const change = duplicated(page.session, row);
  const copy = change.row ?? "";
  page.apply(change);
  shown?.(copy);
  page.toast(t("This line is a copy: change what differs."), t("Undo"), () => {
    undone?.();
    page.apply(page.session.removeRow(copy));
  });
}

/** @param {import("./session.js").Session} session @param {string} row `part[3]` */
function duplicated(session, row) {
  const at = row.lastIndexOf("[");
  const change = session.addRow(row.slice(0, at), Number(row.slice(at + 1, -1)) + 1);
  fill(session, row, change.row ?? "", change.paths);
  session.touch();
  return change;
}

/** @param {import("./session.js").Session} session @param {string} from @param {string} to  both a group's or a row's @param {Set<string>} touched */
function fill(session, from, to, touched) {
  const { form } = session;
  for (const path of form.children(from)) {
    const { node, value, relevant } = session.view(path);
    const target = `${to}${path.slice(from.length)}`;
    if (node.kind === "group") fill(session, path, target, touched);
    else if (node.kind === "repeat") {
      form.rows(path).forEach((row, index) => {
        if (!form.rows(target)[index] && form.canAdd(target)) form.addRow(target);
        const copy = form.rows(target)[index];
        if (copy) fill(session, row.path, copy.path, touched);
      });
    } else if (relevant && value && !/^consent/.test(node.attributes?.role ?? "") && !session.file(value)) {
      const copy = session.view(target);
      if (!copy.relevant || copy.readonly) continue;
      for (const one of form.set(target, value).paths) touched.add(one);
    }
  }
}
