// What stands inside a line of text: links, mentions, dates. Names that are looked up are text, and stay it.

import { formatDate } from "./dates.js";
import { h } from "./dom.js";

const SAFE_PROTOCOLS = new Set(["http:", "https:", "mailto:"]);

/**
 * @param {string} url Hostile.
 * @returns {string | null} What may be followed; `null` where a click could run something.
 */
export function safeUrl(url) {
  try {
    const parsed = new URL(url);
    return SAFE_PROTOCOLS.has(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} url Hostile.
 * @param {string} label
 * @returns {Node} A link, or the label alone where it must not be one.
 */
export function link(url, label) {
  const href = safeUrl(url);
  return href === null ? document.createTextNode(label) : h("a", { href, target: "_blank", rel: "noopener" }, label);
}

/**
 * @param {string} id
 * @param {import("./blocks.js").Context} context
 */
export function userMention(id, context) {
  const user = Object.hasOwn(context.users, id) ? context.users[id] : null;
  return h("span", { class: "b-mention" }, `@${user ? user.real_name || user.name : id}`);
}

/**
 * @param {string} id
 * @param {string} label What it was called when it was written; may be empty.
 * @param {import("./blocks.js").Context} context
 */
export function channelMention(id, label, context) {
  const channel = context.channels.find((known) => known.id === id);
  if (!channel) return h("span", { class: "b-mention" }, `#${label || id}`);
  return h("a", { class: "b-mention", href: `#${encodeURIComponent(id)}` }, `#${channel.name}`);
}

/** @param {string} range `here`, `channel`, `everyone` or a group's name. */
export function broadcast(range) {
  return h("span", { class: "b-mention b-broadcast" }, `@${range}`);
}

/**
 * @param {{timestamp: number, format: string, url?: string, fallback?: string}} date
 * @returns {Node}
 */
export function dateText({ timestamp, format, url, fallback }) {
  const written = Number.isFinite(timestamp) ? formatDate(timestamp, format) : fallback || format;
  return url ? link(url, written) : h("time", { title: fallback }, written);
}

/**
 * @param {string} text
 * @returns {Node[]} With its line ends as elements, so that they show wherever they stand.
 */
export function lines(text) {
  return text.split("\n").flatMap((line, number) => [...(number ? [h("br")] : []), document.createTextNode(line)]);
}
