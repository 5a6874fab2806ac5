// One row of the traffic: a line that opens to the whole of what travelled.

import { trafficDetail } from "./api.js";
import { h } from "./dom.js";
import { renderJson } from "./json_tree.js";
import { ACK_LIMIT_S, duration, pace, timeOfDay } from "./traffic_words.js";

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {"delivery" | "call" | "asr" | "log"} kind
 * @property {number} at Since the epoch, in seconds.
 * @property {string} title
 * @property {string} detail
 * @property {number | null} took_s
 * @property {"ok" | "waiting" | "failed"} state
 * @property {string} note
 */

/** By kind: a sign, what it is called, and what it is. */
export const KINDS = /** @type {Record<Row["kind"], {sign: string, name: string, about: string}>} */ ({
  delivery: { sign: "↓", name: "Delivery", about: "What Slack sent the app" },
  call: { sign: "↑", name: "Call", about: "What the app asked of Slack" },
  asr: { sign: "◉", name: "Recogniser", about: "What the app asked of the recogniser" },
  log: { sign: "≡", name: "Log", about: "What the app wrote in its log" },
});
const COPIED_FOR_MS = 1500;

export class TrafficRow {
  /** @param {Row} row */
  constructor(row) {
    this.row = row;
    this.summary = h("summary", { class: "traffic-line" });
    this.gap = h("span", { class: "traffic-gap", title: "After the row above" });
    this.inside = h("div", { class: "traffic-parts" });
    this.details = h("details", {}, this.summary, this.inside);
    this.node = h("li", { class: "traffic-row" }, this.details);
    this.details.addEventListener("toggle", () => this.#showDetail());
    this.update(row);
  }

  /** @param {Row} row The same one as it is now. */
  update(row) {
    this.row = row;
    const { sign, name, about } = KINDS[row.kind];
    const speed = pace(row);
    this.node.className = `traffic-row traffic-${row.kind} traffic-${row.state} ${speed && `traffic-${speed}`}`;
    const bar = this.#bar();
    this.summary.replaceChildren(
      h("time", { class: "traffic-time" }, timeOfDay(row.at)),
      h("strong", { class: "traffic-title" }, breakable(row.title)),
      h("span", { class: "traffic-took" }, row.took_s === null ? "" : duration(row.took_s)),
      this.gap,
      h(
        "span",
        { class: "traffic-what" },
        h("span", { class: "traffic-kind", title: about }, h("span", { "aria-hidden": "true" }, sign), ` ${name}`),
        ` ${row.detail}`,
      ),
      h("span", { class: "traffic-note" }, row.note),
      ...(bar ? [bar] : []),
    );
    if (this.details.open) this.#showDetail();
  }

  /** @param {number | null} gap_s To the row above; `null` for the first. */
  setGap(gap_s) {
    const text = gap_s === null ? "" : gap_s < 0.001 ? "+0 ms" : `+${duration(gap_s)}`;
    if (this.gap.textContent !== text) this.gap.textContent = text;
  }

  /** How long it took, against Slack's limit. A delivery that waits grows by itself. */
  #bar() {
    const { kind, state, took_s, at } = this.row;
    const waits = kind === "delivery" && state === "waiting";
    if (took_s === null && !waits) return null;
    const fill = h("span", { class: waits ? "traffic-fill traffic-growing" : "traffic-fill" });
    if (waits) fill.style.animationDelay = `${Math.min(0, at - Date.now() / 1000)}s`;
    else fill.style.width = `${Math.min(1, (took_s ?? 0) / ACK_LIMIT_S) * 100}%`;
    return h("span", { class: "traffic-bar", title: `The whole line is ${ACK_LIMIT_S} s` }, fill);
  }

  async #showDetail() {
    if (!this.details.open) return;
    const asked = this.row;
    if (!this.inside.childElementCount) this.inside.replaceChildren(h("p", { class: "traffic-muted" }, "Loading…"));
    const content = await trafficDetail(asked.id).then(
      ({ parts }) => parts.map(part),
      (error) => [h("p", { class: "b-trouble", role: "alert" }, error.message)],
    );
    if (asked === this.row) this.inside.replaceChildren(this.#verdict(), ...content);
  }

  /** What a narrow line may cut off, and an acknowledgement against Slack's limit. */
  #verdict() {
    const { kind, took_s, note, detail } = this.row;
    const isJudged = kind === "delivery" && took_s !== null;
    const verdict = isJudged ? `${note} after ${duration(took_s)}; Slack waits ${ACK_LIMIT_S} s` : note;
    return h("p", { class: "traffic-muted" }, [verdict, detail].filter(Boolean).join(" · "));
  }
}

/** @param {{name: string, json: unknown}} part */
function part({ name, json }) {
  return h(
    "section",
    { class: "traffic-part", "aria-label": name },
    h("header", {}, h("h4", {}, name), copyButton(name, () => JSON.stringify(json, null, 2))),
    renderJson(json),
  );
}

/**
 * @param {string} name Of what is copied.
 * @param {() => string} text
 */
function copyButton(name, text) {
  const button = h("button", { type: "button", class: "traffic-copy", "aria-label": `Copy ${name}` }, "Copy");
  button.addEventListener("click", async () => {
    const isCopied = await navigator.clipboard.writeText(text()).then(() => true, () => false);
    button.textContent = isCopied ? "Copied" : "Not allowed";
    setTimeout(() => (button.textContent = "Copy"), COPIED_FOR_MS);
  });
  return button;
}

/**
 * A method's name in a narrow panel breaks behind its dots, not within a word.
 *
 * @param {string} title
 */
const breakable = (title) => title.split(/(?<=\.)/).flatMap((part, at) => (at ? [h("wbr"), part] : [part]));
