// Fields that are written in or ticked: text, numbers, dates, boxes.

import { isSame } from "./choices.js";
import { h } from "./dom.js";
import { newId } from "./ids.js";
import { plainText, renderText } from "./text.js";

/** @typedef {import("./controls.js").Place} Place */

/** By type of element, the browser's own field for it. */
const NATIVE = /** @type {Record<string, Record<string, string>>} */ ({
  plain_text_input: { type: "text" },
  email_text_input: { type: "email" },
  url_text_input: { type: "url" },
  number_input: { type: "number" },
  datepicker: { type: "date" },
  timepicker: { type: "time" },
});
/** How long somebody pauses in writing before what they have written is told. */
const PAUSE_MS = 300;

/**
 * @param {Place} place
 * @returns {HTMLElement}
 */
export function written(place) {
  const { element } = place;
  const field = element.multiline
    ? h("textarea", { class: "b-input", rows: 4, ...limits(element), ...place.named })
    : h("input", { class: "b-input", ...NATIVE[element.type], ...limits(element), ...place.named });
  field.value = place.state ?? "";
  const tells = whenTold(element);
  /** @type {number | undefined} */
  let pause;
  field.addEventListener("input", () => {
    place.hold(field.value || null);
    clearTimeout(pause);
    if (place.tells && tells.onCharacter) pause = setTimeout(() => place.choose(field.value || null, field), PAUSE_MS);
  });
  field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (!place.tells || !tells.onEnter || event.key !== "Enter" || element.multiline || event.isComposing) return;
    event.preventDefault();
    place.choose(field.value || null, field);
  });
  return field;
}

/**
 * @param {Place} place
 * @returns {HTMLElement}
 */
export function picked(place) {
  const field = h("input", { class: "b-input b-picker", ...NATIVE[place.element.type], ...place.named });
  field.value = place.state ?? "";
  field.addEventListener("change", async () => {
    await place.choose(field.value || null, field);
    field.value = place.state ?? "";
  });
  return field;
}

/**
 * Boxes to tick, or buttons of which one is chosen.
 *
 * @param {Place} place
 * @returns {HTMLElement}
 */
export function ticked(place) {
  const { element, context } = place;
  const isOne = element.type === "radio_buttons";
  const name = newId();
  const rows = element.options.map((/** @type {any} */ option) =>
    h(
      "label",
      { class: "b-choice" },
      h("input", { type: isOne ? "radio" : "checkbox", name }),
      h(
        "span",
        {},
        renderText(option.text, context),
        option.description && h("span", { class: "b-description" }, renderText(option.description, context)),
      ),
    ),
  );
  const group = h("div", { class: "b-choices", role: isOne ? "radiogroup" : "group", ...place.named }, rows);
  const inputs = /** @type {HTMLInputElement[]} */ ([...group.querySelectorAll("input")]);
  const show = () => inputs.forEach((input, number) => {
    const held = isOne ? [place.state] : place.state;
    input.checked = held.some((/** @type {any} */ chosen) => isSame(chosen, element.options[number]));
  });
  group.addEventListener("change", async () => {
    const chosen = element.options.filter((/** @type {any} */ _, /** @type {number} */ number) => inputs[number].checked);
    await place.choose(isOne ? (chosen[0] ?? null) : chosen, group);
    show();
  });
  show();
  return group;
}

/** @param {any} element */
function limits(element) {
  return {
    placeholder: element.placeholder && plainText(element.placeholder),
    minlength: element.min_length,
    maxlength: element.max_length,
    min: element.min_value,
    max: element.max_value,
    step: element.type === "number_input" ? (element.is_decimal_allowed ? "any" : "1") : null,
  };
}

/** @param {any} element */
function whenTold(element) {
  const triggers = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  return { onEnter: triggers.includes("on_enter_pressed"), onCharacter: triggers.includes("on_character_entered") };
}
