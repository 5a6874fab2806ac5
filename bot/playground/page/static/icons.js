// The page's icons: strokes on a grid of 24 by 24, in the text's colour.

import { h } from "./dom.js";

const STROKES = {
  attach: "M20 11.5l-8 8a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7L9.8 17a1.6 1.6 0 0 1-2.3-2.3l7.4-7.4",
  back: "M14.5 5.5L8 12l6.5 6.5",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v10H9zM5 15V5h10",
  download: "M12 4v11m0 0l-4.5-4.5M12 15l4.5-4.5M5 19.5h14",
  hash: "M9.5 4L7.5 20M16.5 4l-2 16M4.5 9h15.5M4 15h15.5",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.700l1-1",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  mic: "M12 3.500a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3zM5.5 11.500a6.5 6.5 0 0 0 13 0M12 18v3",
  page: "M6 3.500h8l4.5 4.500v12.500H6zM14 3.500V8h4.500M9 12.500h6M9 16h6",
  pause: "M8.5 6v12M15.5 6v12",
  people:
    "M9 11.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 19.500a6 6 0 0 1 12 0M16 5a3.5 3.5 0 0 1 0 6.500M17.5 14a6 6 0 0 1 3.5 5.5",
  play: "M8 5.500v13l10.5-6.500z",
  reply: "M4.5 5h15v11h-9l-4 3.500V16h-2z",
  send: "M4.5 5l15.5 7-15.5 7 2-7zM6.5 12H13",
  smile: "M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM8.5 14a4 4 0 0 0 7 0M9.2 9.500h.01M14.8 9.500h.01",
  sound: "M5 10v4M9.5 6.500v11M14.5 4v16M19 9v6",
  traffic: "M4 7.500h14m0 0L14.5 4M18 7.500L14.5 11M20 16.500H6m0 0L9.5 13M6 16.500L9.5 20",
  trash: "M5 7h14M9.5 7V4.500h5V7M7 7l1 13h8l1-13",
};

/**
 * @param {keyof typeof STROKES} name
 * @returns {SVGElement} Hidden from screen readers: whatever holds it has a name of its own.
 */
export function icon(name) {
  return h(
    "svg",
    { class: `icon icon-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true" },
    h("path", { d: STROKES[name] }),
  );
}
