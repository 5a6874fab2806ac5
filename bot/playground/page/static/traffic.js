// The traffic panel: everything that travels between Slack, the app and the recogniser, the newest at the bottom.

import { h } from "./dom.js";
import { KINDS, TrafficRow } from "./traffic_row.js";
import { holdsWords } from "./traffic_words.js";

/** @typedef {import("./traffic_row.js").Row} Row */

const MOST_ROWS = 1000;
/** How near to the end somebody still reads along, in pixels. */
const NEAR_PX = 40;

class TrafficLog {
  constructor() {
    /** @type {TrafficRow[]} By time. */
    this.rows = [];
    /** @type {Map<string, TrafficRow>} */
    this.known = new Map();
    /** @type {Set<string>} What was cleared away, and stays so when it changes or comes again. */
    this.cleared = new Set();
    /** @type {Set<string>} */
    this.hiddenKinds = new Set();
    this.words = "";
    this.list = h("ol", { class: "traffic-list", "aria-label": "Traffic, the newest last", tabindex: "0" });
    this.empty = h("p", { class: "traffic-empty" });
    this.newest = h("button", { type: "button", class: "traffic-newest", hidden: true }, "↓ Newest");
    this.newest.addEventListener("click", () => this.#follow());
    this.counts = /** @type {Record<string, HTMLElement>} */ ({});
    this.tools = this.#buildTools();
    this.list.addEventListener("scroll", () => this.#showWhetherBehind());
  }

  #buildTools() {
    const toggles = Object.entries(KINDS).map(([kind, { sign, name, about }]) => {
      this.counts[kind] = h("span", { class: "traffic-count" }, "0");
      const toggle = h(
        "button",
        { type: "button", class: `traffic-toggle traffic-${kind}`, "aria-pressed": "true", title: about },
        h("span", { class: "traffic-kind" }, h("span", { "aria-hidden": "true" }, sign), ` ${name} `),
        this.counts[kind],
      );
      toggle.addEventListener("click", () => this.#toggle(kind, toggle));
      return toggle;
    });
    const search = h("input", { type: "search", class: "b-input", placeholder: "Filter", "aria-label": "Filter the traffic" });
    search.addEventListener("input", () => {
      this.words = search.value.trim();
      this.#sift();
    });
    const clear = h("button", { type: "button", class: "b-button", onclick: () => this.#clear() }, "Clear");
    return h(
      "div",
      { class: "traffic-tools" },
      h("div", { class: "traffic-toggles", role: "group", "aria-label": "Kinds of traffic" }, toggles),
      h("div", { class: "traffic-search" }, search, clear),
    );
  }

  /** @param {Element} root */
  mount(root) {
    root.replaceChildren(h("div", { class: "traffic" }, this.tools, this.empty, this.list, this.newest));
    this.#sift();
    this.#follow();
  }

  /** @param {Row[]} rows */
  add(rows) {
    const isFollowing = this.#isAtEnd();
    for (const row of rows) this.#put(row);
    for (const old of this.rows.splice(0, Math.max(0, this.rows.length - MOST_ROWS))) this.#drop(old);
    this.#sift();
    if (isFollowing) this.#follow();
    this.#showWhetherBehind();
  }

  /** @param {Row} row */
  #put(row) {
    const key = keyOf(row);
    if (this.cleared.has(key)) return;
    const known = this.known.get(key);
    if (known) {
      known.update(row);
      return;
    }
    const made = new TrafficRow(row);
    this.known.set(key, made);
    // Kinds arrive one after the other: a row may belong before rows that are there already.
    const position = this.rows.findLastIndex((other) => other.row.at <= row.at) + 1;
    this.list.insertBefore(made.node, this.rows[position]?.node ?? null);
    this.rows.splice(position, 0, made);
  }

  /** @param {TrafficRow} old */
  #drop(old) {
    this.known.delete(keyOf(old.row));
    old.node.remove();
  }

  /** Show what is asked for, with the gaps between those rows. */
  #sift() {
    /** @type {Record<string, number>} */
    const counts = {};
    let before = null;
    for (const shown of this.rows) {
      const { row } = shown;
      counts[row.kind] = (counts[row.kind] ?? 0) + 1;
      const isWanted = !this.hiddenKinds.has(row.kind) && holdsWords(row, this.words);
      if (shown.node.hidden === isWanted) shown.node.hidden = !isWanted;
      if (!isWanted) continue;
      shown.setGap(before === null ? null : row.at - before);
      before = row.at;
    }
    for (const [kind, count] of Object.entries(this.counts)) count.textContent = String(counts[kind] ?? 0);
    this.empty.hidden = before !== null;
    this.empty.textContent = this.rows.length ? "Nothing matches the filter." : "Nothing has travelled yet.";
  }

  /**
   * @param {string} kind
   * @param {HTMLElement} toggle
   */
  #toggle(kind, toggle) {
    if (!this.hiddenKinds.delete(kind)) this.hiddenKinds.add(kind);
    toggle.setAttribute("aria-pressed", String(!this.hiddenKinds.has(kind)));
    this.#sift();
  }

  #clear() {
    for (const old of this.rows.splice(0)) {
      this.cleared.add(keyOf(old.row));
      this.#drop(old);
    }
    this.#sift();
    this.#showWhetherBehind();
  }

  #isAtEnd() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_PX;
  }

  #follow() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  #showWhetherBehind() {
    this.newest.hidden = this.#isAtEnd();
  }
}

/**
 * A playground that was started anew counts from the beginning again.
 *
 * @param {Row} row
 */
function keyOf(row) {
  return `${row.id} ${row.at}`;
}

const log = new TrafficLog();

/**
 * Build the inside of the panel.
 *
 * @param {Element} root
 */
export function mountTraffic(root) {
  log.mount(root);
}

/**
 * Take in rows that are new or have changed.
 *
 * @param {Row[]} rows
 */
export function addTraffic(rows) {
  log.add(rows);
}
