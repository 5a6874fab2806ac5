// Any JSON as a tree that folds. Branches are built when they are opened: payloads may be large.

import { h } from "./dom.js";

/** What is open at first. */
const OPEN_LEVELS = 2;
const OPEN_UP_TO = 25;
/** How many entries a branch shows before the rest of them is a branch of its own. */
const MOST_AT_ONCE = 200;
const LONG_STRING = 300;

/**
 * @param {unknown} json
 * @returns {HTMLElement}
 */
export function renderJson(json) {
  return h("div", { class: "json" }, node("", json, 0));
}

/**
 * @param {string} name
 * @param {any} json
 * @param {number} depth
 * @returns {HTMLElement}
 */
function node(name, json, depth) {
  if (json !== null && typeof json === "object") return branch(name, json, depth);
  const label = name ? h("span", { class: "json-key" }, `${name}: `) : null;
  if (typeof json === "string" && json.length > LONG_STRING) return longString(label, json);
  const kind = json === null ? "null" : typeof json;
  return h("div", { class: "json-leaf" }, label, h("span", { class: `json-${kind}` }, JSON.stringify(json)));
}

/** @type {(name: string, json: any, depth: number) => HTMLElement} */
function branch(name, json, depth) {
  const entries = Object.entries(json);
  const [open, close] = Array.isArray(json) ? ["[", "]"] : ["{", "}"];
  const label = name ? h("span", { class: "json-key" }, `${name}: `) : null;
  if (!entries.length) return h("div", { class: "json-leaf" }, label, open + close);
  const summary = [label, open, h("span", { class: "json-size" }, ` ${entries.length} `), close];
  return folded(summary, () => children(entries, depth + 1), depth < OPEN_LEVELS && entries.length <= OPEN_UP_TO);
}

/**
 * @param {[string, any][]} entries
 * @param {number} depth
 * @returns {HTMLElement[]}
 */
function children(entries, depth) {
  const shown = entries.slice(0, MOST_AT_ONCE).map(([name, json]) => node(name, json, depth));
  const rest = entries.slice(MOST_AT_ONCE);
  return rest.length ? [...shown, folded([`… ${rest.length} more`], () => children(rest, depth), false)] : shown;
}

/** @type {(label: HTMLElement | null, text: string) => HTMLElement} */
function longString(label, text) {
  const beginning = h("span", { class: "json-string" }, `${JSON.stringify(text.slice(0, 60))}…`);
  const size = h("span", { class: "json-size" }, ` ${text.length.toLocaleString()} characters`);
  return folded([label, beginning, size], () => [h("pre", { class: "json-text" }, text)], false);
}

/**
 * @param {any[]} summary
 * @param {() => HTMLElement[]} build
 * @param {boolean} isOpen
 * @returns {HTMLElement}
 */
function folded(summary, build, isOpen) {
  const inside = h("div", { class: "json-inside" }, isOpen ? build() : []);
  const details = h("details", { open: isOpen }, h("summary", {}, summary), inside);
  details.addEventListener("toggle", () => {
    if (details.open && !inside.childElementCount) inside.append(...build());
  });
  return details;
}
