// Whether the traffic panel is seen. Wide windows begin with it open; what the person chose is remembered.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { mountTraffic } from "./traffic.js";

const WIDE = "(min-width: 1100px)";
const CHOICE = "traffic";

/**
 * @param {HTMLElement} pane
 * @param {HTMLElement} panes Has `data-traffic` while the panel is open.
 * @returns {HTMLElement} The button that shows and hides it.
 */
export function mountTrafficPane(pane, panes) {
  const button = h(
    "button",
    { class: "quiet", type: "button", "aria-controls": pane.id, onclick: () => choose(Boolean(pane.hidden)) },
    icon("traffic"),
    "Traffic",
  );
  const inside = h("div", { class: "traffic-inside" });
  const close = h(
    "button",
    { class: "tool", type: "button", "aria-label": "Close traffic", title: "Close", onclick: () => choose(false) },
    icon("close"),
    icon("back"),
  );
  pane.append(
    h(
      "header",
      { class: "pane-head" },
      close,
      h("h2", {}, "Traffic", h("span", { class: "muted" }, "Slack, app, recogniser")),
    ),
    inside,
  );
  mountTraffic(inside);

  /** @param {boolean} open */
  function show(open) {
    pane.hidden = !open;
    panes.toggleAttribute("data-traffic", open);
    button.setAttribute("aria-expanded", String(open));
  }
  /** @param {boolean} open */
  function choose(open) {
    localStorage.setItem(CHOICE, open ? "open" : "closed");
    show(open);
    if (!open) button.focus();
  }
  const chosen = localStorage.getItem(CHOICE);
  show(matchMedia(WIDE).matches && chosen !== "closed");
  return button;
}
