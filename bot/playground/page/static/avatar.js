// A person's picture: initials on a colour of their own. The bot has the mark of the page.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const HUES = 8;

/**
 * @param {string} name
 * @param {string} userId
 * @param {boolean} isBot
 * @returns {HTMLElement} Decoration: the name stands beside it.
 */
export function avatar(name, userId, isBot) {
  const hue = [...userId].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % HUES;
  return h(
    "span",
    { class: "avatar", "data-hue": isBot ? "bot" : hue, "aria-hidden": "true" },
    isBot ? icon("sound") : initials(name),
  );
}

/** @param {string} name */
function initials(name) {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return [words[0], ...words.slice(1).slice(-1)]
    .map((word) => [...(word ?? "?")][0])
    .join("")
    .toLocaleUpperCase();
}
