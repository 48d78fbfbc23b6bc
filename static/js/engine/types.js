/**
 * Shapes shared by the engine's modules; docs/package.md and docs/engine.md say what they mean. Types only, no code.
 *
 * @typedef {any[]} Ast  docs/package.md, "Expression"
 * @typedef {{text: string, ast: Ast, deps: [number, "same" | "all"][], lists?: string[], volatile?: boolean}} Expression
 * @typedef {string | (string | {x: number})[]} Part
 * @typedef {Record<string, Part>} Text
 * @typedef {Record<string, any> & {name: string, label?: Text}} Item
 * @typedef {Record<string, string>} Row  one row of a dataset
 *
 * @typedef {object} PackageNode
 * @property {number} i
 * @property {number} [parent]  absent for the root only
 * @property {"group" | "repeat" | "question" | "value"} kind
 * @property {string} name
 * @property {string} type
 * @property {Text} [label]
 * @property {Text} [hint]
 * @property {Text} [guidance]
 * @property {Record<string, Text>} [media]
 * @property {string} [appearance]
 * @property {Record<string, string>} [parameters]
 * @property {number} [relevant]
 * @property {number} [required]
 * @property {number} [constraint]
 * @property {number} [expect]  holds for usual answers: else a warning
 * @property {number} [readonly]
 * @property {number} [calculation]
 * @property {number} [repeat_count]
 * @property {Text} [required_message]
 * @property {Text} [constraint_message]
 * @property {Text} [expect_message]
 * @property {string} [default]
 * @property {number} [first_load]
 * @property {boolean} [new_repeat]
 * @property {{node: number, expression?: number}[]} [triggers]
 * @property {{nodeset?: number, list?: string, value: string, label: string}} [choices]
 * @property {Record<string, string>} [attributes]
 * @property {string} [save_to]
 *
 * @typedef {object} EntityRule
 * @property {string} list
 * @property {number} scope
 * @property {number} [id]
 * @property {number} [create]
 * @property {number} [update]
 * @property {number} [label]
 * @property {[string, number][]} save
 *
 * @typedef {object} Package
 * @property {number} format
 * @property {string} form_id
 * @property {string} version
 * @property {Text} [title]
 * @property {string[]} languages
 * @property {PackageNode[]} nodes
 * @property {Expression[]} expressions
 * @property {Record<string, Item[]>} [lists]
 * @property {Record<string, {kind: string, sha256?: string}>} [datasets]
 * @property {EntityRule[]} [entities]
 * @property {number[]} order
 */
export const FORMAT = 1;
