// Rich text: what people type in Slack, and what the bot's transcripts stand in.
// Source: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { broadcast, channelMention, dateText, lines, link, userMention } from "./inline.js";

/** @typedef {import("./blocks.js").Context} Context */

/** By style, the element that shows it; from the outermost to the innermost. */
const STYLES = {
  bold: "strong",
  italic: "em",
  strike: "s",
  underline: "u",
  highlight: "mark",
  client_highlight: "mark",
  code: "code",
};
const NUMBERS = ["decimal", "lower-alpha", "lower-roman"];
const BULLETS = ["disc", "circle", "square"];

/** @type {Record<string, (part: any, context: Context) => Element>} */
const PARTS = {
  rich_text_section: (part, context) => h("div", { class: "b-rich-section" }, spans(part, context)),
  rich_text_quote: (part, context) => h("blockquote", { class: "b-quote" }, spans(part, context)),
  rich_text_preformatted: (part, context) => h("pre", { class: "b-pre" }, h("code", {}, spans(part, context))),
  rich_text_list: list,
};

/** @type {Record<string, (span: any, context: Context) => Node | Node[] | string>} */
const SPANS = {
  text: (span) => lines(span.text),
  link: (span) => link(span.url, span.text || span.url),
  user: (span, context) => userMention(span.user_id, context),
  usergroup: (span) => broadcast(span.usergroup_id),
  channel: (span, context) => channelMention(span.channel_id, "", context),
  broadcast: (span) => broadcast(span.range),
  emoji: (span) => character(span),
  color: (span) => colour(span.value),
  date: (span) => dateText(span),
};

/**
 * @param {any} block
 * @param {Context} context
 * @returns {Element}
 */
export function renderRichText(block, context) {
  const parts = block.elements.map((/** @type {any} */ part) => PARTS[part.type]?.(part, context));
  return h("div", { class: "b-rich" }, parts);
}

/** @type {(part: any, context: Context) => any[]} */
function spans(part, context) {
  return part.elements.map((/** @type {any} */ span) => styled(SPANS[span.type]?.(span, context) ?? span.type, span.style));
}

/**
 * @param {Node | Node[] | string} content
 * @param {Record<string, boolean> | undefined} style
 */
function styled(content, style) {
  const tags = Object.entries(STYLES).filter(([name]) => style?.[name]);
  return tags.reduceRight((inside, [, tag]) => h(tag, { class: tag === "code" && "b-code" }, inside), content);
}

/** @type {(part: any, context: Context) => Element} */
function list(part, context) {
  const isOrdered = part.style === "ordered";
  const indent = Math.min(Math.max(Number(part.indent) || 0, 0), 8);
  const items = part.elements.map((/** @type {any} */ item) => h("li", {}, spans(item, context)));
  const made = h(
    isOrdered ? "ol" : "ul",
    { class: part.border ? "b-list b-bordered" : "b-list", start: isOrdered && part.offset ? part.offset + 1 : null },
    items,
  );
  made.style.marginInlineStart = `${indent * 1.5}rem`;
  made.style.listStyleType = (isOrdered ? NUMBERS : BULLETS)[indent % 3];
  return made;
}

/** @param {{name: string, unicode?: string}} span */
function character({ name, unicode }) {
  const points = (unicode ?? "").split("-").map((point) => parseInt(point, 16));
  const isKnown = points.every((point) => point > 0 && point <= 0x10ffff);
  return isKnown ? String.fromCodePoint(...points) : emoji(name);
}

/** @param {string} value Such as `#1f3a4d`; anything else colours nothing. */
function colour(value) {
  const swatch = h("span", { class: "b-swatch", "aria-hidden": "true" });
  swatch.style.backgroundColor = value;
  return h("span", {}, swatch, value);
}
