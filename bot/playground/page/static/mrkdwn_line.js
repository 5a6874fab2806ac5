// One line of mrkdwn: styles, code, links, mentions, emoji. Linear in the line's length, whatever stands in it.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { broadcast, channelMention, dateText, link, safeUrl, userMention } from "./inline.js";

/** @typedef {import("./blocks.js").Context} Context */
/** @typedef {{node: Node | string, end: number}} Found */

const STYLES = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;
const EMOJI = /:([\w+'-]{1,60}):/y;
const BARE_URL = /https?:\/\/[^\s<>|]*[^\s<>|.,;:!?'")\]*_~`]/y;
const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

/**
 * @param {string} text
 * @returns {string} With the three entities that Slack knows as the characters that they stand for.
 */
export function unescaped(text) {
  return text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[/** @type {keyof typeof ENTITIES} */ (entity)]);
}

/**
 * @param {string} line Hostile.
 * @param {Context} context
 * @param {string} inside The styles that it already has, by their marks.
 * @returns {(Node | string)[]}
 */
export function renderLine(line, context, inside = "") {
  /** @type {(Node | string)[]} */
  const nodes = [];
  // Marks that nothing closes any more: looked for once only, so that a line of them costs no more than others.
  const hopeless = new Set(inside);
  let told = 0;
  for (let at = 0; at < line.length; ) {
    const found = tokenAt(line, at, { context, inside, hopeless });
    if (found) {
      if (told < at) nodes.push(unescaped(line.slice(told, at)));
      nodes.push(found.node);
      told = at = found.end;
    } else at += 1;
  }
  if (told < line.length) nodes.push(unescaped(line.slice(told)));
  return nodes;
}

/**
 * @param {string} line
 * @param {number} at
 * @param {{context: Context, inside: string, hopeless: Set<string>}} scan
 * @returns {Found | null}
 */
function tokenAt(line, at, scan) {
  switch (line[at]) {
    case "<":
      return referenceAt(line, at, scan.context);
    case "`":
      return codeAt(line, at);
    case ":":
      return emojiAt(line, at);
    case "h":
      return urlAt(line, at);
    case "*":
    case "_":
    case "~":
      return styledAt(line, at, scan);
    default:
      return null;
  }
}

/** @type {(line: string, at: number) => Found | null} */
function codeAt(line, at) {
  const end = line.indexOf("`", at + 1);
  if (end <= at + 1) return null;
  return { node: h("code", { class: "b-code" }, unescaped(line.slice(at + 1, end))), end: end + 1 };
}

/** @type {(line: string, at: number) => Found | null} */
function emojiAt(line, at) {
  EMOJI.lastIndex = at;
  const match = EMOJI.exec(line);
  const character = match && emoji(match[1]);
  return match && character !== match[0] ? { node: String(character), end: EMOJI.lastIndex } : null;
}

/** @type {(line: string, at: number) => Found | null} */
function urlAt(line, at) {
  BARE_URL.lastIndex = at;
  const match = isWord(line[at - 1]) ? null : BARE_URL.exec(line);
  const url = match && unescaped(match[0]);
  return url ? { node: link(url, url), end: BARE_URL.lastIndex } : null;
}

/**
 * @param {string} line
 * @param {number} at
 * @param {{context: Context, inside: string, hopeless: Set<string>}} scan
 * @returns {Found | null}
 */
function styledAt(line, at, { context, inside, hopeless }) {
  const mark = /** @type {keyof typeof STYLES} */ (line[at]);
  const next = line[at + 1];
  if (hopeless.has(mark) || isWord(line[at - 1]) || !next || next === mark || /\s/.test(next)) return null;
  const end = closing(line, mark, at + 1);
  if (end < 0) {
    hopeless.add(mark);
    return null;
  }
  const content = renderLine(line.slice(at + 1, end), context, inside + mark);
  return { node: h(STYLES[mark], {}, content), end: end + 1 };
}

/**
 * @param {string} line
 * @param {string} mark
 * @param {number} from
 * @returns {number} Where the mark closes, not inside of code or a reference; -1 where it does not.
 */
function closing(line, mark, from) {
  for (let at = from; at < line.length; at += 1) {
    const isClosed = line[at] === mark && at > from && !/\s/.test(line[at - 1]) && !isWord(line[at + 1]);
    if (isClosed) return at;
    const partner = line[at] === "<" ? ">" : line[at] === "`" ? "`" : null;
    const end = partner ? line.indexOf(partner, at + 1) : -1;
    if (end > 0) at = end;
  }
  return -1;
}

/** @param {string | undefined} character */
function isWord(character) {
  return character !== undefined && WORD.test(character);
}

/**
 * What stands between `<` and `>`.
 *
 * @type {(line: string, at: number, context: Context) => Found | null}
 */
function referenceAt(line, at, context) {
  const end = line.indexOf(">", at + 1);
  if (end < 0) return null;
  const [target, ...labels] = line.slice(at + 1, end).split("|");
  const node = reference(target, unescaped(labels.join("|")), context);
  return node && { node, end: end + 1 };
}

/** @type {(target: string, label: string, context: Context) => Node | null} */
function reference(target, label, context) {
  if (target.startsWith("@")) return userMention(target.slice(1), context);
  if (target.startsWith("#")) return channelMention(target.slice(1), label, context);
  if (target.startsWith("!")) return special(target.slice(1), label);
  const url = unescaped(target);
  return safeUrl(url) === null ? null : link(url, label || url.replace(/^mailto:/, ""));
}

/** @type {(target: string, label: string) => Node | null} */
function special(target, label) {
  const [kind, first, format, url] = target.split("^");
  if (kind === "here" || kind === "channel" || kind === "everyone") return broadcast(kind);
  if (kind === "subteam") return broadcast(label.replace(/^@/, "") || first);
  if (kind !== "date" || !format) return null;
  return dateText({ timestamp: Number(first), format: unescaped(format), url, fallback: label });
}
