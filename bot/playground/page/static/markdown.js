// The markdown block, as far as bots use it: paragraphs, headings, lists, quotes, fences and the styles of a line.
// Source: https://docs.slack.dev/reference/block-kit/blocks/markdown-block

import { h } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { link } from "./inline.js";

/** Code, a link, and what is bold, struck or slanted. */
const SPAN =
  /`([^`\n]+)`|\[([^\]\n]{1,500})\]\(([^()\s]{1,3000})\)|\*\*([^*\n]+)\*\*|~~([^~\n]+)~~|(?<!\w)[*_]([^*_\n]+)[*_](?!\w)/g;

/** What a line begins with, and what it then is. */
const LINES = /** @type {[RegExp, string][]} */ ([
  [/^#{1,6} +/, "heading"],
  [/^[-*+] +/, "ul"],
  [/^\d{1,9}[.)] +/, "ol"],
  [/^> ?/, "blockquote"],
]);

/**
 * @param {string} text Hostile.
 * @returns {Element[]}
 */
export function renderMarkdown(text) {
  return text.split(/^```.*$/m).flatMap((piece, number) =>
    number % 2 ? [h("pre", { class: "b-pre" }, h("code", {}, piece.replace(/^\n|\n$/g, "")))] : paragraphs(piece),
  );
}

/**
 * @param {string} piece
 * @returns {Element[]}
 */
function paragraphs(piece) {
  /** @type {Element[]} */
  const made = [];
  let open = "";
  for (const line of piece.split("\n")) {
    const [mark, kind] = LINES.find(([begins]) => begins.test(line)) ?? [/^/, line.trim() ? "p" : ""];
    const content = spans(line.replace(mark, ""));
    const last = made.at(-1);
    if (kind === "heading") made.push(h("h4", { class: "b-header" }, content));
    else if (kind === "ul" || kind === "ol") {
      const list = open === kind && last ? last : h(kind, { class: "b-list" });
      list.append(h("li", {}, content));
      if (list !== last) made.push(list);
    } else if (kind && open === kind && last) last.append(h("br"), ...content);
    else if (kind) made.push(h(kind, { class: kind === "blockquote" && "b-quote" }, content));
    open = kind;
  }
  return made;
}

/**
 * @param {string} line
 * @returns {(Node | string)[]}
 */
function spans(line) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  let told = 0;
  for (const match of line.matchAll(SPAN)) {
    const [whole, code, label, url, bold, struck, slanted] = match;
    nodes.push(withEmoji(line.slice(told, match.index)));
    if (code) nodes.push(h("code", { class: "b-code" }, code));
    else if (label) nodes.push(link(url, label));
    else if (bold) nodes.push(h("strong", {}, spans(bold)));
    else if (struck) nodes.push(h("s", {}, spans(struck)));
    else nodes.push(h("em", {}, spans(slanted)));
    told = match.index + whole.length;
  }
  return [...nodes, withEmoji(line.slice(told))];
}
