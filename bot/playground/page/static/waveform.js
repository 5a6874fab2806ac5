// How loud a recording is from beginning to end, to see and to seek by.

import { h } from "./dom.js";
import { duration } from "./times.js";

const STEPS = 20;
const PAGES = 5;
const BARS = 48;
const SILENCE = [0];

/**
 * @param {number[] | null} loudness 0 to 100, from beginning to end, if it is known.
 * @param {{seek: (share: number) => void, share: () => number, toggle: () => void}} on Shares of the whole: 0 to 1.
 * @returns {{node: HTMLElement, showAt: (at_s: number, length_s: number) => void}}
 */
export function waveform(loudness, { seek, share, toggle }) {
  const heard = bars(loudness ?? SILENCE, "heard");
  const node = h(
    "div",
    {
      class: "wave",
      role: "slider",
      tabindex: "0",
      "aria-label": "Position",
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      onpointerdown: drag,
      onpointermove: drag,
      onkeydown: key,
    },
    bars(loudness ?? SILENCE, "ahead"),
    heard,
  );

  /** @param {PointerEvent} event */
  function drag(event) {
    if (event.type === "pointermove" && !node.hasPointerCapture(event.pointerId)) return;
    node.setPointerCapture(event.pointerId);
    const box = node.getBoundingClientRect();
    seek((event.clientX - box.left) / box.width);
  }
  /** @param {KeyboardEvent} event */
  function key(event) {
    const at = share();
    /** @type {Record<string, number>} */
    const targets = {
      ArrowRight: at + 1 / STEPS,
      ArrowUp: at + 1 / STEPS,
      ArrowLeft: at - 1 / STEPS,
      ArrowDown: at - 1 / STEPS,
      PageUp: at + 1 / PAGES,
      PageDown: at - 1 / PAGES,
      Home: 0,
      End: 1,
    };
    if (event.key === " ") toggle();
    else if (event.key in targets) seek(targets[event.key]);
    else return;
    event.preventDefault();
  }
  /** @param {number} at_s @param {number} length_s */
  function showAt(at_s, length_s) {
    const percent = length_s ? (100 * at_s) / length_s : 0;
    heard.style.clipPath = `inset(0 ${100 - percent}% 0 0)`;
    node.setAttribute("aria-valuenow", String(Math.round(percent)));
    node.setAttribute("aria-valuetext", `${duration(at_s)} of ${duration(Math.round(length_s))}`);
  }
  return { node, showAt };
}

/** @param {number[]} loudness @param {string} look */
function bars(loudness, look) {
  const heights = Array.from({ length: BARS }, (_, bar) => loudness[Math.floor((bar * loudness.length) / BARS)]);
  const strokes = heights.map((height, bar) => {
    const half = Math.max(2, height * 0.46);
    return `M${bar + 0.5} ${50 - half}V${50 + half}`;
  });
  return h(
    "svg",
    { class: look, viewBox: `0 0 ${BARS} 100`, preserveAspectRatio: "none", "aria-hidden": "true" },
    h("path", { d: strokes.join("") }),
  );
}
