// Where one writes, attaches and records: under a channel, and under a thread.

import { CompletionList, offerFor } from "./completion.js";
import { h } from "./dom.js";
import { Drafts, isEmpty, joined, NOTHING, placeOf } from "./drafts.js";
import { icon } from "./icons.js";
import { notify, telling } from "./notices.js";
import { clipName } from "./recorder.js";
import { recordIn } from "./recording_bar.js";
import { go } from "./route.js";
import { send, whyNot } from "./sending.js";
import { staging } from "./staging.js";

/**
 * @typedef {import("./drafts.js").Draft} Draft
 * @typedef {import("./drafts.js").Target} Target
 * @typedef {import("./workspace.js").Workspace} Workspace
 */

/** A field to write in, for the place that it was told of last. */
export class Composer {
  /** @type {Workspace | undefined} */
  #workspace;
  /** @type {Target} */
  #target = { you: "", channel: "", thread: "", label: "" };
  /** Of all places but this one. */
  #drafts = new Drafts();
  /** Aborted when the person leaves this place. */
  #left = new AbortController();
  #field = h("textarea", {
    rows: "1",
    oninput: () => this.#typed(),
    onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
  });
  #completion = new CompletionList(this.#field, (option, from) => this.#complete(option, from));
  #staged = staging(() => this.#refresh());
  #recordButton = button("Record a clip", "mic", "tool", () => this.#record());
  #sendButton = button("Send", "send", "send", () => this.#send());
  #tools = h(
    "div",
    { class: "composer-tools" },
    fileButton((files) => this.attach(files)),
    this.#recordButton,
    h("span", { class: "spring" }),
    this.#sendButton,
  );
  #box = h("div", { class: "composer-box" }, this.#field, this.#staged.node, this.#tools);

  constructor() {
    /** @type {HTMLElement} */
    this.node = h("div", { class: "composer" }, this.#completion.node, this.#box);
  }

  /**
   * @param {Workspace} workspace
   * @param {Omit<Target, "you">} where
   */
  show(workspace, where) {
    const [before, target] = [this.#target, { ...where, you: workspace.you }];
    this.#workspace = workspace;
    this.#target = target;
    this.#field.placeholder = target.label;
    this.#field.setAttribute("aria-label", target.label);
    if (placeOf(target) === placeOf(before)) return;
    this.#left.abort();
    this.#left = new AbortController();
    this.#drafts.keep(before, this.#draft());
    this.#fill(this.#drafts.at(target));
  }

  /** @param {Iterable<File>} files To be sent with what is written. */
  attach(files) {
    const items = [...files].map((file) => ({ blob: file, name: file.name, kind: /** @type {const} */ ("file") }));
    this.#staged.show([...this.#staged.items(), ...items]);
    this.focus();
  }

  focus() {
    this.#field.focus();
  }

  #typed() {
    const { value, selectionStart } = this.#field;
    if (this.#workspace) this.#completion.show(offerFor(value, selectionStart, this.#workspace, !this.#target.thread));
    this.#refresh();
  }

  #refresh() {
    this.#sendButton.disabled = isEmpty(this.#draft());
  }

  /** @param {import("./completion.js").Option} option @param {number} from */
  #complete(option, from) {
    this.#field.setRangeText(option.insert, from, this.#field.selectionStart, "end");
    this.#typed();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.#completion.key(event) || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  #send() {
    const [workspace, target, draft] = [this.#workspace, this.#target, this.#draft()];
    if (!workspace || isEmpty(draft)) return;
    const refusal = whyNot(draft, target, workspace);
    if (refusal) return notify(refusal);
    this.#fill(NOTHING);
    this.#deliver(draft, target, workspace);
  }

  async #record() {
    const [workspace, target] = [this.#workspace, this.#target];
    if (!workspace) return;
    this.#recordButton.disabled = true;
    const clip = await telling(() => recordIn(this.#box, this.#left.signal));
    this.#recordButton.disabled = false;
    // The focus was on what is gone now, unless the person took it elsewhere.
    if (document.activeElement === document.body) this.#recordButton.focus();
    if (!clip) return;
    const item = { blob: clip, name: clipName(clip.type), kind: /** @type {const} */ ("clip") };
    this.#deliver({ text: "", items: [item] }, target, workspace);
  }

  /**
   * Send, and keep what could not be sent where it belongs.
   *
   * @param {Draft} draft
   * @param {Target} target The person may be elsewhere by the time it is sent.
   * @param {Workspace} workspace
   */
  async #deliver(draft, target, workspace) {
    const from = location.hash;
    const { first, left } = await send(draft, target, workspace);
    const isHere = placeOf(target) === placeOf(this.#target);
    if (!isEmpty(left)) this.#putBack(left, target);
    // The answer comes in the thread: the person is led there, but never away from something else.
    if (first && !target.thread && isHere && location.hash === from && !this.#isWritingElsewhere())
      go(target.channel, first);
  }

  /** @param {Draft} draft @param {Target} target */
  #putBack(draft, target) {
    if (placeOf(target) === placeOf(this.#target)) this.#fill(joined(draft, this.#draft()));
    else this.#drafts.keep(target, joined(draft, this.#drafts.at(target)));
  }

  #isWritingElsewhere() {
    const focused = document.activeElement;
    return focused instanceof HTMLTextAreaElement && focused !== this.#field;
  }

  /** @returns {Draft} What is in the field and under it. */
  #draft() {
    return { text: this.#field.value, items: this.#staged.items() };
  }

  /** @param {Draft} draft */
  #fill({ text, items }) {
    this.#field.value = text;
    this.#staged.show(items);
    this.#typed();
  }
}

/** @param {string} label @param {"mic" | "send"} sign @param {string} look @param {() => void} onclick */
const button = (label, sign, look, onclick) =>
  h("button", { class: look, type: "button", "aria-label": label, title: label, onclick }, icon(sign));

/** @param {(files: Iterable<File>) => void} attach */
function fileButton(attach) {
  const label = "Attach a file";
  const input = h("input", {
    type: "file",
    multiple: true,
    "aria-label": label,
    title: label,
    onchange: () => {
      attach([...input.files]);
      input.value = ""; // The same file may be chosen again.
    },
  });
  return h("label", { class: "tool" }, input, icon("attach"));
}
