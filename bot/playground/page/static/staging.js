// Files and recordings that wait to be sent, each with its chip.

import { sizeOf } from "./sizes.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./drafts.js").Item} Item */

/**
 * @param {() => void} changed
 * @returns {{node: HTMLElement, items: () => Item[], show: (items: Item[]) => void}} `show` takes the place of all.
 */
export function staging(changed) {
  /** @type {Item[]} */
  let waiting = [];
  const node = h("ul", { class: "staged", "aria-label": "Files to send", hidden: true });

  /** @param {Item[]} items */
  function show(items) {
    waiting = items;
    node.hidden = !waiting.length;
    node.replaceChildren(...waiting.map((item) => chip(item, () => show(waiting.filter((other) => other !== item)))));
    changed();
  }
  return { node, items: () => waiting, show };
}

/** @param {Item} item @param {() => void} remove */
function chip({ blob, name, kind }, remove) {
  const label = kind === "clip" ? "Voice clip" : name;
  return h(
    "li",
    { class: "chip" },
    icon(kind === "clip" ? "mic" : /^(audio|video)/.test(blob.type) ? "sound" : "page"),
    h("span", { class: "file-name", title: name }, label),
    h("span", { class: "muted" }, sizeOf(blob.size)),
    h("button", { class: "tool", type: "button", "aria-label": `Remove ${label}`, onclick: remove }, icon("close")),
  );
}
