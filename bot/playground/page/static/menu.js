// A button that opens a menu. The popover comes from the browser: it lies over everything, and Escape or a click
// outside closes it.

import { h } from "./dom.js";
import { newId } from "./ids.js";

/**
 * @typedef {{label: string, name?: string, url?: string | null, danger?: boolean, choose: () => void}} MenuItem
 *   `name`: for whoever cannot see a label that is a picture.
 */

/**
 * @param {{label: string, class: string, items: () => MenuItem[]}} menu What the button is called, and what stands
 *   in the menu whenever it opens.
 * @param {...(Node | string)} face What the button shows.
 * @returns {HTMLElement} The button and its menu.
 */
export function menuButton(menu, ...face) {
  const list = h("div", { id: newId(), class: "b-menu", role: "menu", popover: "auto", "aria-label": menu.label });
  const button = h(
    "button",
    {
      type: "button",
      class: menu.class,
      "aria-label": menu.label,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      title: menu.label,
      popovertarget: list.id,
    },
    ...face,
  );
  list.addEventListener("beforetoggle", (/** @type {ToggleEvent} */ event) => {
    if (event.newState !== "open") return;
    list.replaceChildren(...menu.items().map((item) => entry(item, list)));
    // The browser moves the focus there as it opens the menu, so that no key is lost in between.
    list.firstElementChild?.setAttribute("autofocus", "");
  });
  list.addEventListener("toggle", (/** @type {ToggleEvent} */ event) => {
    button.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState === "open") placeBelow(list, button);
  });
  list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => moveFocus(event, list));
  return h("span", { class: "b-menu-anchor" }, button, list);
}

/**
 * Put a popover under what opened it, or above where there is no room.
 *
 * @param {HTMLElement} popover Shown, so that it has its size.
 * @param {HTMLElement} opener
 */
export function placeBelow(popover, opener) {
  const gap = 4;
  const at = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const fitsBelow = at.bottom + gap + height <= innerHeight;
  popover.style.top = `${Math.max(gap, fitsBelow ? at.bottom + gap : at.top - gap - height)}px`;
  popover.style.left = `${Math.max(gap, Math.min(at.left, innerWidth - width - gap))}px`;
}

/**
 * @param {MenuItem} item
 * @param {HTMLElement} list
 */
function entry({ label, name, url, danger, choose }, list) {
  const onclick = () => {
    list.hidePopover();
    choose();
  };
  const look = danger ? "b-menu-item b-danger" : "b-menu-item";
  const common = { class: look, role: "menuitem", tabindex: "-1", "aria-label": name, title: name, onclick };
  return url
    ? h("a", { ...common, href: url, target: "_blank", rel: "noopener" }, label)
    : h("button", { ...common, type: "button" }, label);
}

/**
 * @param {KeyboardEvent} event
 * @param {HTMLElement} list
 */
function moveFocus(event, list) {
  const entries = /** @type {HTMLElement[]} */ ([...list.children]);
  const current = entries.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  /** @type {Record<string, number>} */
  const targets = { ArrowDown: current + 1, ArrowRight: current + 1, ArrowUp: current - 1, ArrowLeft: current - 1, Home: 0, End: -1 };
  if (event.key === "Tab") list.hidePopover();
  if (!Object.hasOwn(targets, event.key)) return;
  event.preventDefault();
  entries.at(targets[event.key] % entries.length)?.focus();
}
