// One modal: its blocks, what is typed in them, and its way to the app.

import { act } from "./api.js";
import { renderBlock } from "./blocks.js";
import { h, keyed } from "./dom.js";
import { fieldOf, keepingFocus } from "./focus.js";
import { newId } from "./ids.js";
import { trouble } from "./pressing.js";
import { isMissing, stateKey, statefulElements, valuesOf } from "./states.js";
import { plainText } from "./text.js";

const REQUIRED = "Please complete this required field.";

/** @typedef {{key: string, block: any, error: string}} Item */

export class ModalDialog {
  /**
   * Open a modal.
   *
   * @param {any} view
   * @param {{users: Record<string, any>, channels: any[]}} workspace
   * @param {() => void} onleave The person has closed it.
   */
  constructor(view, workspace, onleave) {
    this.isGone = false;
    /** @type {Record<string, string>} What the page itself finds missing or wrong, by the items' keys. */
    this.complaints = {};
    this.#build(onleave);
    /** @type {import("./blocks.js").Context} */
    this.context = {
      users: {},
      channels: [],
      surface: "modal",
      states: new Map(),
      press: (block, element, chosen) => this.#press(block, element, chosen),
      changed: () => this.#showReadiness(),
    };
    document.body.append(this.dialog);
    this.update(view, workspace);
    this.dialog.showModal();
    this.#focusFirst();
  }

  /** @param {() => void} onleave */
  #build(onleave) {
    const titleId = newId();
    const leave = () => this.dialog.close();
    this.title = h("h2", { id: titleId });
    this.banner = h("p", { class: "modal-banner", role: "alert" });
    this.body = h("div", { class: "modal-blocks" });
    this.closeButton = h("button", { type: "button", class: "b-button", onclick: leave });
    this.submitButton = h("button", { type: "submit", class: "b-button b-primary" });
    const dismiss = h("button", { type: "button", class: "modal-x", "aria-label": "Dismiss", onclick: leave }, "✕");
    const form = h(
      "form",
      { class: "modal-form", novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      h("header", { class: "modal-head" }, this.title, dismiss),
      h("div", { class: "modal-body" }, this.banner, this.body),
      h("footer", { class: "modal-foot" }, this.closeButton, this.submitButton),
    );
    this.dialog = h("dialog", { class: "modal", "aria-labelledby": titleId }, form);
    /** @type {HTMLElement | null} */
    this.focused = null;
    this.dialog.addEventListener("focusin", (/** @type {FocusEvent} */ event) => {
      this.focused = /** @type {HTMLElement} */ (event.target);
    });
    // Escape closes a dialog by itself; this hears of it, and of the buttons.
    this.dialog.addEventListener("close", () => {
      if (this.isGone) return;
      this.remove();
      onleave();
    });
  }

  /**
   * Show the view as it is now; what is typed stays where a field keeps its ids.
   *
   * @param {any} view
   * @param {{users: Record<string, any>, channels: any[]}} workspace
   */
  update(view, workspace) {
    const errorsBefore = JSON.stringify(this.view?.errors ?? {});
    this.view = view;
    Object.assign(this.context, { users: workspace.users, channels: workspace.channels });
    this.title.textContent = plainText(view.title);
    this.closeButton.textContent = plainText(view.close, view.submit ? "Cancel" : "Close");
    this.submitButton.textContent = plainText(view.submit);
    this.submitButton.hidden = !view.submit;
    this.#forgetGoneFields();
    this.#render();
    if (JSON.stringify(view.errors ?? {}) === errorsBefore) return;
    this.#say(view.errors?.[""] ?? "");
    this.#focusError();
  }

  /** @param {boolean} isCovered Another modal lies over it. */
  setCovered(isCovered) {
    const wasCovered = this.dialog.classList.contains("modal-covered");
    this.dialog.classList.toggle("modal-covered", isCovered);
    // The browser gave the focus back while this could not be seen, and so could not take it.
    if (wasCovered && !isCovered) this.focused?.focus();
  }

  /** Take the modal away: the app has closed it. */
  remove() {
    this.isGone = true;
    this.dialog.close();
    this.dialog.remove();
  }

  #render() {
    keepingFocus(this.body, () =>
      keyed(this.body, this.#items(), (item) => item.key, (item) => {
        const made = renderBlock(item.block, this.context, item.error);
        made.setAttribute("data-block", item.key);
        return made;
      }),
    );
    this.#showReadiness();
  }

  /** @returns {Item[]} */
  #items() {
    return this.view.blocks.map((/** @type {any} */ block, /** @type {number} */ position) => {
      const key = block.block_id ?? `${block.type} ${position}`;
      return { key, block, error: this.complaints[key] ?? this.view.errors?.[block.block_id] ?? "" };
    });
  }

  /** As in Slack, a field that goes and comes back begins anew. */
  #forgetGoneFields() {
    const blocks = /** @type {any[]} */ (this.view.blocks);
    const shown = new Set(blocks.flatMap((block) => statefulElements(block).map((element) => stateKey(block, element))));
    for (const key of this.context.states?.keys() ?? []) if (!shown.has(key)) this.context.states?.delete(key);
  }

  #showReadiness() {
    const { blocks, submit_disabled: waits } = this.view;
    this.submitButton.disabled = Boolean(waits) && blocks.some((/** @type {any} */ block) => isMissing(block, this.#states));
  }

  get #states() {
    return this.context.states ?? new Map();
  }

  /** @type {import("./blocks.js").Context["press"]} */
  #press(block, element, chosen) {
    const fields = { view_id: this.view.id, block_id: block.block_id, action_id: element.action_id, chosen };
    return act("press_in_view", { ...fields, values: valuesOf(this.view.blocks, this.#states) });
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    if (this.submitButton.getAttribute("aria-busy")) return;
    this.#say("");
    this.complaints = this.#findComplaints();
    this.#render();
    if (Object.keys(this.complaints).length) {
      this.#focusError();
      return;
    }
    this.submitButton.setAttribute("aria-busy", "true");
    this.#say(await trouble(act("submit", { view_id: this.view.id, values: valuesOf(this.view.blocks, this.#states) })));
    this.submitButton.removeAttribute("aria-busy");
  }

  /** @returns {Record<string, string>} */
  #findComplaints() {
    const found = this.#items().map(({ key, block }, position) => {
      const field = fieldOf(this.body.children[position]);
      const wrong = block.type === "input" && field?.validity?.valid === false ? field.validationMessage : "";
      return [key, isMissing(block, this.#states) ? REQUIRED : wrong];
    });
    return Object.fromEntries(found.filter(([, complaint]) => complaint));
  }

  /** @param {string} sentence */
  #say(sentence) {
    this.banner.textContent = sentence || this.view.errors?.[""] || "";
  }

  #focusFirst() {
    const block = this.view.blocks.findIndex((/** @type {any} */ shown) => shown.element?.focus_on_load);
    const field = fieldOf(block < 0 ? this.body : this.body.children[block]);
    (field ?? (this.view.submit ? this.submitButton : this.closeButton)).focus();
  }

  #focusError() {
    const wrong = this.body.querySelector(".b-error")?.closest("[data-block]");
    fieldOf(wrong)?.focus();
  }
}
