/**
 * What a filled form says to others: answers, draft, entities, scores.
 *
 * @typedef {import("./model.js").Model} Model
 * @typedef {import("./schema.js").SchemaNode} SchemaNode
 * @typedef {{list: string, id: string, action: "create" | "update", label: string, data: Record<string, string>}} Entity
 * @typedef {{axis: string, label: string, score: number | null, weight: number}} Axis
 * @typedef {{axes: Axis[], overall: number | null, level: number | null, capped: boolean, confidence: number | null}} Scores
 */
import { FormNode, Repeat, visitAll } from "./nodes.js";
import { toString } from "./xpath/values.js";

/** The relevant answers, nested; blanks and what holds nothing are left out. @param {FormNode} node @returns {Record<string, any>} */
export function answersOf(node) {
  /** @type {Record<string, any>} */
  const found = {};
  for (const slot of node.slots) {
    if (slot instanceof Repeat) {
      // An empty row stays: the numbers of the others depend on it.
      const rows = slot.present().map(answersOf);
      if (rows.length) found[slot.name] = rows;
    } else if (slot.relevant) {
      if (!slot.schema.isGroup) {
        if (slot.value !== "") found[slot.name] = slot.value;
      } else {
        const inner = answersOf(slot);
        if (Object.keys(inner).length) found[slot.name] = inner;
      }
    }
  }
  return found;
}

/** Everything, irrelevant answers and parked rows too: what fill() takes. @param {FormNode} node @returns {Record<string, any>} */
export function everythingOf(node) {
  /** @type {Record<string, any>} */
  const found = {};
  /** @type {Record<string, any>} */
  const parked = {};
  for (const slot of node.slots) {
    if (slot instanceof Repeat) {
      found[slot.name] = slot.rows.map(everythingOf);
      if (slot.parked.length) parked[slot.name] = slot.parked.map(everythingOf);
    } else if (!slot.schema.isGroup) {
      if (slot.value !== "") found[slot.name] = slot.value;
    } else {
      found[slot.name] = everythingOf(slot);
    }
  }
  if (Object.keys(parked).length) found["@parked"] = parked;
  if (node.entityIds) found["@entities"] = node.entityIds;
  return found;
}

/** The present instances of a schema node, in document order. @param {Model} model @param {SchemaNode} schema @returns {FormNode[]} */
function presentOf(model, schema) {
  let found = [model.root];
  for (const step of model.schema.way(schema)) {
    found = found.flatMap((node) => {
      const slot = node.slots[step.slot];
      if (slot instanceof Repeat) return [...slot.present()];
      return slot.relevant ? [slot] : [];
    });
  }
  return found;
}

/** The entities this form declares, as ODK Entities has it. @param {Model} model @param {() => string} uuid @returns {Entity[]} */
export function entitiesOf(model, uuid) {
  const { pkg, nodes } = model.schema;
  /** @type {Entity[]} */
  const found = [];
  for (const rule of pkg.entities ?? []) {
    for (const instance of presentOf(model, nodes[rule.scope])) {
      const action = actionOf(model, rule, instance);
      if (!action) continue;
      const given = rule.id === undefined ? "" : model.ask(rule.id, instance, toString, "");
      // An update of nothing: the row to update was not chosen.
      if (!given && action === "update") continue;
      /** @type {Record<string, string>} */
      const data = {};
      for (const [property, index] of rule.save) {
        const [node] = model.instancesFor(nodes[index], instance);
        const value = node?.relevant ? node.value : "";
        // An update says also what is blank now: a refusal or an answer that went empties the register.
        if (value !== "" || action === "update") data[property] = value;
      }
      const label = rule.label === undefined ? "" : model.ask(rule.label, instance, toString, "");
      // ODK Entities: what is created must have a label. An untouched row has none.
      if (action === "create" && label === "") continue;
      found.push({ list: rule.list, id: given || keptId(instance, rule.list, uuid), action, label, data });
    }
  }
  return found;
}

/** @param {Model} model @param {import("./types.js").EntityRule} rule @param {FormNode} instance @returns {"create" | "update" | null} */
function actionOf(model, rule, instance) {
  if (rule.create === undefined && rule.update === undefined) return rule.id === undefined ? "create" : "update";
  if (rule.create !== undefined && model.truth(rule.create, instance, false)) return "create";
  return rule.update !== undefined && model.truth(rule.update, instance, false) ? "update" : null;
}

/** @param {FormNode} instance @param {string} list @param {() => string} uuid */
function keptId(instance, list, uuid) {
  instance.entityIds ??= {};
  return (instance.entityIds[list] ??= uuid());
}

/** @param {string} text @returns {number | null} */
const numberOrNull = (text) => (text === "" || !Number.isFinite(Number(text)) ? null : Number(text));

/**
 * @param {Model} model @param {(text: import("./types.js").Text | undefined, node: FormNode) => string} say
 * @returns {Scores | null}
 */
export function scoresOf(model, say) {
  const { nodes } = model.schema;
  const scored = nodes.filter((node) => node.source.attributes?.role);
  /** @param {SchemaNode} schema */
  const value = (schema) => presentOf(model, schema)[0]?.value ?? "";
  /** @param {string} role */
  const first = (role) => {
    const schema = scored.find((node) => node.source.attributes?.role === role);
    return schema ? value(schema) : "";
  };
  const axes = scored.filter((node) => node.source.attributes?.role === "axis-score");
  if (!axes.length && !scored.some((node) => ["overall", "level"].includes(node.source.attributes?.role ?? ""))) return null;
  return {
    axes: axes.map((schema) => {
      const { axis = schema.name, weight } = schema.source.attributes ?? {};
      return { axis, label: say(axisLabel(schema, axis, nodes), model.root), score: numberOrNull(value(schema)), weight: Number(weight ?? 1) };
    }),
    overall: numberOrNull(first("overall")),
    level: numberOrNull(first("level")),
    capped: first("cap") === "yes",
    confidence: numberOrNull(first("confidence")),
  };
}

/** Its own label, else that of the axis group. @param {SchemaNode} schema @param {string} axis @param {SchemaNode[]} nodes */
function axisLabel(schema, axis, nodes) {
  if (schema.source.label) return schema.source.label;
  const named = nodes.find((node) => node.kind === "group" && node.source.attributes?.axis === axis && node.source.label);
  if (named) return named.source.label;
  for (let at = schema.parent; at; at = at.parent) if (at.source.label) return at.source.label;
  return undefined;
}

const MEDIA = new Set(["image", "audio", "video", "file", "audit"]);

/** @param {FormNode} root @returns {FormNode[]} relevant answers that name a file */
export function mediaNodes(root) {
  /** @type {FormNode[]} */
  const found = [];
  visitAll(root, (node) => {
    if (node instanceof FormNode && node.relevant && node.value !== "" && MEDIA.has(node.schema.source.type)) found.push(node);
  });
  return found;
}
