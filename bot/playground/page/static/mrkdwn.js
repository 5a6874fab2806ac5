// Slack's mrkdwn. Builds nodes and nothing else; what looks wrong stays the text that it is.
// Source: https://docs.slack.dev/messaging/formatting-message-text

import { h } from "./dom.js";
import { lines } from "./inline.js";
import { renderLine, unescaped } from "./mrkdwn_line.js";

const FENCE = "```";
const QUOTED = /^(?:&gt;|>) ?/;
const QUOTED_TO_THE_END = /^(?:&gt;|>){3} ?/;

/**
 * @param {string} text Hostile.
 * @param {import("./blocks.js").Context} context
 * @returns {DocumentFragment}
 */
export function renderMrkdwn(text, context) {
  const fragment = document.createDocumentFragment();
  const pieces = text.split(FENCE);
  // Every second piece lies between fences. A last fence that nothing closes is text.
  if (pieces.length % 2 === 0) pieces.push(pieces.splice(-2).join(FENCE));
  pieces.forEach((piece, number) => {
    if (number % 2) fragment.append(h("pre", { class: "b-pre" }, h("code", {}, lines(unescaped(trimmedOnce(piece))))));
    else if (piece) fragment.append(...paragraphs(number ? piece.replace(/^\n/, "") : piece, context));
  });
  return fragment;
}

/** @param {string} piece */
function trimmedOnce(piece) {
  return piece.replace(/^\n/, "").replace(/\n$/, "");
}

/**
 * @param {string} text Without fences.
 * @param {import("./blocks.js").Context} context
 * @returns {Node[]}
 */
function paragraphs(text, context) {
  /** @type {Node[]} */
  const nodes = [];
  const rest = text.split("\n");
  while (rest.length) {
    const quoted = quoteAtStart(rest);
    if (quoted.length) nodes.push(h("blockquote", { class: "b-quote" }, joined(quoted, context)));
    const plain = rest.splice(0, lengthOf(rest, (line) => !QUOTED.test(line)));
    if (plain.length) nodes.push(...joined(plain, context));
  }
  return nodes;
}

/** @param {string[]} rest Loses the lines of the quote that it begins with. */
function quoteAtStart(rest) {
  if (QUOTED_TO_THE_END.test(rest[0])) return rest.splice(0).map((line) => line.replace(QUOTED_TO_THE_END, ""));
  return rest.splice(0, lengthOf(rest, (line) => QUOTED.test(line))).map((line) => line.replace(QUOTED, ""));
}

/**
 * @param {string[]} all
 * @param {(line: string) => boolean} belongs
 * @returns {number} How many at the beginning belong.
 */
function lengthOf(all, belongs) {
  const first = all.findIndex((line) => !belongs(line));
  return first < 0 ? all.length : first;
}

/**
 * @param {string[]} all
 * @param {import("./blocks.js").Context} context
 */
function joined(all, context) {
  return all.flatMap((line, number) => [...(number ? [h("br")] : []), ...renderLine(line, context)]);
}
