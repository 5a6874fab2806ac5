// Buttons, and the menu behind three dots.

import { confirmed } from "./confirm.js";
import { h } from "./dom.js";
import { safeUrl } from "./inline.js";
import { menuButton } from "./menu.js";
import { press } from "./pressing.js";
import { plainText } from "./text.js";

/** @typedef {import("./controls.js").Place} Place */

/**
 * @param {Place} place
 * @returns {HTMLElement}
 */
export function button(place) {
  const { element } = place;
  const look = { primary: "b-button b-primary", danger: "b-button b-danger" };
  const label = plainText(element.text);
  const common = {
    class: look[/** @type {keyof typeof look} */ (element.style)] ?? "b-button",
    "aria-label": element.accessibility_label,
  };
  const href = element.url ? safeUrl(element.url) : null;
  const made = href
    ? h("a", { ...common, href, target: "_blank", rel: "noopener" }, label)
    : h("button", { ...common, type: "button" }, label);
  made.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    if (made.getAttribute("aria-busy")) return;
    if (href && element.confirm) openOnceConfirmed(event, href, place);
    press(place, made, element.value === undefined ? {} : { value: element.value });
  });
  return made;
}

/**
 * @param {MouseEvent} event
 * @param {string} href
 * @param {Place} place
 */
async function openOnceConfirmed(event, href, { element, context }) {
  event.preventDefault();
  if (await confirmed(element.confirm, context)) open(href, "_blank", "noopener");
}

/**
 * @param {Place} place
 * @returns {HTMLElement}
 */
export function overflow(place) {
  const items = () => place.element.options.map((/** @type {any} */ option) => ({
    label: plainText(option.text),
    url: option.url && safeUrl(option.url),
    choose: () => press(place, made, { selected_option: option }),
  }));
  const made = menuButton({ label: "More options", class: "b-button b-overflow", items }, "⋯");
  return made;
}
