// What takes the composer's place while one records: the sound so far, the time, cancel and send.

import { duration } from "./times.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { notify } from "./notices.js";
import { record } from "./recorder.js";

const BARS = 56;

/**
 * Record, and show it until the person sends or cancels. The microphone never stays on unseen: where the bar is
 * hidden the recording is cancelled, and the person is told.
 *
 * @param {HTMLElement} place Where the bar appears.
 * @param {AbortSignal} left Tells that the person has left what they recorded for.
 * @returns {Promise<Blob | null>} The clip; null if it was cancelled.
 * @throws {Error} With a sentence for the person.
 */
export async function recordIn(place, left) {
  const meter = levelMeter();
  const recording = await record((level) => {
    meter.show(level);
    time.textContent = duration((performance.now() - started) / 1000);
  });
  const started = performance.now();
  const time = h("span", { class: "recording-time", role: "timer" }, duration(0));
  return new Promise((resolve, reject) => {
    const ended = new AbortController();
    /** @param {() => void} last */
    const end = (last) => () => {
      if (ended.signal.aborted) return;
      ended.abort();
      unseen.disconnect();
      bar.remove();
      last();
    };
    const cancel = end(() => {
      recording.cancel();
      resolve(null);
    });
    const lose = end(() => {
      recording.cancel();
      notify("You went elsewhere, so the recording was cancelled. Nothing was sent.");
      resolve(null);
    });
    const send = end(() => recording.stop().then(resolve, reject));
    const bar = recordingBar(meter.node, time, cancel, send);
    const unseen = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting || lose());
    place.append(bar);
    bar.lastElementChild.focus();
    unseen.observe(bar);
    left.addEventListener("abort", lose, { signal: ended.signal });
    if (left.aborted) lose();
  });
}

/** @returns {{node: HTMLElement, show: (level: number) => void}} How loud it was lately. */
function levelMeter() {
  const bars = Array.from({ length: BARS }, () => h("i", {}));
  const levels = bars.map(() => 0);
  /** @param {number} level */
  function show(level) {
    levels.push(level);
    levels.shift();
    bars.forEach((bar, at) => (bar.style.transform = `scaleY(${Math.max(0.06, levels[at])})`));
  }
  return { node: h("div", { class: "recording-wave", "aria-hidden": "true" }, bars), show };
}

/** @param {HTMLElement} wave @param {HTMLElement} time @param {() => void} cancel @param {() => void} send */
const recordingBar = (wave, time, cancel, send) =>
  h(
    "div",
    {
      class: "recording",
      role: "group",
      "aria-label": "Recording",
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        cancel();
      },
    },
    button("Cancel recording", "close", "tool", cancel),
    h("span", { class: "recording-dot" }),
    wave,
    time,
    button("Stop and send", "send", "send", send),
  );

/** @param {string} label @param {"close" | "send"} sign @param {string} look @param {() => void} onclick */
const button = (label, sign, look, onclick) =>
  h("button", { class: look, type: "button", "aria-label": label, title: label, onclick }, icon(sign));
