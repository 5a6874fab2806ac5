// Block Kit's text objects.
// Source: https://docs.slack.dev/reference/block-kit/composition-objects/text-object

import { withEmoji } from "./emoji.js";
import { lines } from "./inline.js";
import { renderMrkdwn } from "./mrkdwn.js";

/**
 * @param {any} text A text object of either kind.
 * @param {import("./blocks.js").Context} context
 * @returns {Node[]}
 */
export function renderText(text, context) {
  return text.type === "mrkdwn" ? [...renderMrkdwn(text.text, context).childNodes] : lines(plainText(text));
}

/**
 * @param {any} text A text object, or none.
 * @param {string} otherwise
 * @returns {string} For attributes and for controls that hold nothing but characters.
 */
export function plainText(text, otherwise = "") {
  if (!text) return otherwise;
  return text.emoji === false ? text.text : withEmoji(text.text);
}
