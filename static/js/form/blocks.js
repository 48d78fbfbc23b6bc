/**
 * Lays out the children of a section, a group or a row: questions, groups in groups, repeats. What it mounts is registered
 * with the page by path, so that a change finds its part without a search. A page shows its first questions before it makes
 * the others.
 */

import { createPart } from "./part.js";
import { createRepeat } from "./repeat.js";
import { heading } from "./rows.js";
import { inSlices } from "../core/idle.js";
import { render } from "../../vendor/lit-html/lit-html.js";

/**
 * @param {import("./form-page.js").Page} page
 * @param {HTMLElement} host
 * @param {string[]} paths
 * @param {number} [atOnce]  how many are made now; `rest` makes the others
 * @returns {{rest: () => void, idly: () => void, dispose: () => void}}
 */
export function mountBlocks(page, host, paths, atOnce = paths.length) {
  /** @type {{path: string, element: HTMLElement, update: () => void, dispose: () => void}[]} */
  const blocks = [];
  let next = 0;
  /** @param {number} end */
  function mount(end) {
    while (next < end) {
      const path = paths[next++];
      const { node } = page.session.view(path);
      if (node.kind === "value") continue;
      const block = node.kind === "question" ? createPart(page, path) : node.kind === "repeat" ? createRepeat(page, path) : createGroup(page, path);
      blocks.push(block);
      page.register(path, block);
      host.append(block.element);
    }
  }
  mount(Math.min(atOnce, paths.length));
  return {
    rest: () => mount(paths.length),
    /** The others one by one, while the page has nothing else to do. */
    idly: () => inSlices(paths.slice(next), () => mount(Math.min(next + 1, paths.length))),
    dispose() {
      next = paths.length;
      for (const block of blocks) {
        page.unregister(block.path, block);
        block.dispose();
        block.element.remove();
      }
    },
  };
}

/** @param {import("./form-page.js").Page} page @param {string} path */
function createGroup(page, path) {
  const { form } = page.session;
  const element = document.createElement("section");
  element.className = "group";
  element.dataset.look = page.session.view(path).node.appearance ?? "";
  element.setAttribute("role", "group");
  const head = document.createElement("div");
  head.id = `l${page.session.view(path).uid}`;
  element.setAttribute("aria-labelledby", head.id);
  element.append(head);
  const inside = page.mountBlocks(element, form.children(path));
  function update() {
    const view = page.session.view(path);
    element.hidden = !view.relevant;
    render(heading(page, path, view, second), head);
  }
  let second = false;
  head.onclick = () => {
    second = !second;
    update();
  };
  update();
  return { path, element, update, dispose: inside.dispose };
}
