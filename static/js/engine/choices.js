/**
 * The choices of a select question after its filter, with labels in the current language.
 *
 * @typedef {import("./nodes.js").FormNode} FormNode
 * @typedef {import("./model.js").Model} Model
 * @typedef {{value: string, label: string, item: Record<string, any>}} Choice
 */
import { Item } from "./lists.js";
import { isNodeSet } from "./xpath/values.js";

/** The label of a dataset's row: the column of the language if there is one. @param {Record<string, any>} row @param {string} column @param {string} language */
export function rowLabel(row, column, language) {
  return String(row[`${column}_${language}`] ?? row[column] ?? "");
}

/**
 * @param {Model} model @param {FormNode} node @param {string} language
 * @param {(text: import("./types.js").Text | undefined, node: FormNode) => string} say
 * @returns {Choice[]}
 */
export function choicesOf(model, node, language, say) {
  const source = node.schema.source.choices;
  if (!source) return [];
  const { pkg } = model.schema;
  /** @param {Record<string, any>} row @returns {Choice} */
  const ofList = (row) => ({ value: row.name, label: say(row.label, node), item: row });
  if (source.nodeset === undefined) return (pkg.lists?.[source.list ?? ""] ?? []).map(ofList);
  const found = model.ask(source.nodeset, node, (value) => (isNodeSet(value) ? value : []), []);
  return found.map((each) => {
    if (each instanceof Item) {
      const isListed = typeof each.row.label === "object";
      if (isListed) return ofList(each.row);
      return { value: String(each.row[source.value] ?? ""), label: rowLabel(each.row, source.label, language), item: each.row };
    }
    // Rows of a repeat, or of an XML list.
    const value = each.named(source.value)[0]?.text() ?? "";
    const label = each.named(source.label)[0]?.text() ?? "";
    return { value, label, item: Object.fromEntries(each.children().map((cell) => [cell.name, cell.text()])) };
  });
}
