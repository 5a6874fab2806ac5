// Short sentences for the person: what went wrong, and what a screen reader says of what arrives.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_MS = 9000;
const SPOKEN_LINES = 20;

/** @param {string} id @returns {HTMLElement} */
const place = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} sentence Shown for some seconds, and said at once. */
export function notify(sentence) {
  const notice = h(
    "p",
    { class: "notice" },
    h("span", {}, sentence),
    h(
      "button",
      { class: "tool", type: "button", "aria-label": "Dismiss", onclick: () => notice.remove() },
      icon("close"),
    ),
  );
  place("notices").replaceChildren(notice);
  setTimeout(() => notice.remove(), SHOWN_MS);
}

/**
 * Do something for the person, and tell them if it fails.
 *
 * @template T
 * @param {() => Promise<T>} doing
 * @returns {Promise<T | undefined>} Undefined where it failed.
 */
export async function telling(doing) {
  try {
    return await doing();
  } catch (error) {
    notify(/** @type {Error} */ (error).message);
    return undefined;
  }
}

/**
 * Tell the person where the bot took too long to say that it heard.
 *
 * @param {{acknowledged?: boolean} | undefined} answer
 */
export function tellIfUnheard(answer) {
  if (answer?.acknowledged === false) notify("Threadscribe did not answer in 3 seconds.");
}

/** @param {string} sentence For screen readers alone. */
export function say(sentence) {
  const spoken = place("spoken");
  spoken.append(h("p", {}, sentence));
  while (spoken.children.length > SPOKEN_LINES) spoken.firstElementChild?.remove();
}

/** @param {string} sentence Stays on top of the page until it is "". */
export function banner(sentence) {
  const bar = place("banner");
  if (bar.textContent !== sentence) bar.textContent = sentence;
  bar.hidden = !sentence;
}
