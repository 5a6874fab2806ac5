// Menus of which one or many choices can be taken.

import { isSame, offered } from "./choices.js";
import { h } from "./dom.js";
import { newId } from "./ids.js";
import { placeBelow } from "./menu.js";
import { plainText } from "./text.js";

/** @typedef {import("./controls.js").Place} Place */
/** @typedef {import("./choices.js").Choice} Choice */

/** From how many choices on a menu of many can be searched. */
const SEARCHED_FROM = 9;

/**
 * The browser's own menu.
 *
 * @param {Place} place
 * @returns {HTMLElement}
 */
export function selectOne(place) {
  const groups = offered(place.element, place.context);
  const choices = groups.flatMap((group) => group.choices);
  const placeholder = plainText(place.element.placeholder, "Choose an option");
  const entries = groups.map((group) => {
    const options = group.choices.map((choice) => h("option", { value: choices.indexOf(choice) }, written(choice)));
    return group.label ? h("optgroup", { label: group.label }, options) : options;
  });
  const none = h("option", { value: "-1", disabled: !place.block.optional, hidden: !place.block.optional }, placeholder);
  const select = h("select", { class: "b-input", ...named(place, placeholder) }, none, ...entries);
  const control = h("span", { class: "b-select" }, select);
  const show = () => {
    select.value = String(choices.findIndex((choice) => isSame(choice.chosen, place.state)));
  };
  select.addEventListener("change", async () => {
    await place.choose(choices[Number(select.value)]?.chosen ?? null, control);
    show();
  });
  show();
  return control;
}

/**
 * A button over a list of boxes. What was ticked is told once the list closes, as in Slack.
 *
 * @param {Place} place
 * @returns {HTMLElement}
 */
export function selectMany(place) {
  const groups = offered(place.element, place.context);
  const placeholder = plainText(place.element.placeholder, "Choose options");
  const summary = h("span", { class: "b-many-chosen", id: newId() });
  const list = h("div", { id: newId(), class: "b-menu b-many", popover: "auto", role: "group", "aria-label": placeholder });
  const button = h(
    "button",
    {
      type: "button",
      class: "b-input b-many-button",
      popovertarget: list.id,
      "aria-expanded": "false",
      ...named(place, placeholder, summary.id),
    },
    summary,
  );
  const control = h("span", { class: "b-select" }, button, list);
  const show = () => {
    const taken = groups.flatMap((group) => group.choices).filter((choice) => holds(place.state, choice));
    summary.textContent = taken.map((choice) => choice.label).join(", ") || placeholder;
    summary.classList.toggle("b-placeholder", !taken.length);
  };
  list.addEventListener("beforetoggle", (/** @type {ToggleEvent} */ event) => {
    if (event.newState !== "open") return;
    list.replaceChildren(...manyChoices(groups, place.state, place.element.max_selected_items));
    list.querySelector("input")?.setAttribute("autofocus", "");
  });
  list.addEventListener("toggle", async (/** @type {ToggleEvent} */ event) => {
    button.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState === "open") {
      placeBelow(list, button);
      return;
    }
    const taken = groups.flatMap((group) => group.choices).filter((_, number) => boxes(list)[number]?.checked);
    if (!isUnchanged(place.state, taken)) await place.choose(taken.map((choice) => choice.chosen), control);
    show();
  });
  show();
  return control;
}

/**
 * @param {import("./choices.js").Group[]} groups
 * @param {any[]} state
 * @param {number | undefined} most
 * @returns {HTMLElement[]}
 */
function manyChoices(groups, state, most) {
  const rows = groups.flatMap((group) => [
    ...(group.label ? [h("div", { class: "b-many-group" }, group.label)] : []),
    ...group.choices.map((choice) => {
      const box = h("input", { type: "checkbox", checked: holds(state, choice) });
      return h("label", { class: "b-many-choice" }, box, h("span", {}, written(choice)));
    }),
  ]);
  const choices = h("div", { class: "b-many-choices" }, rows);
  const limit = () => {
    const isFull = most !== undefined && boxes(choices).filter((box) => box.checked).length >= most;
    for (const box of boxes(choices)) box.disabled = isFull && !box.checked;
  };
  choices.addEventListener("change", limit);
  limit();
  return boxes(choices).length < SEARCHED_FROM ? [choices] : [search(choices), choices];
}

/** @param {HTMLElement} choices Of which those that do not hold the words are hidden. */
function search(choices) {
  const field = h("input", { type: "search", class: "b-input", placeholder: "Search", "aria-label": "Search" });
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLocaleLowerCase();
    for (const row of choices.querySelectorAll("label")) {
      row.hidden = !row.textContent?.toLocaleLowerCase().includes(wanted);
    }
  });
  return field;
}

/**
 * @param {HTMLElement} holder
 * @returns {HTMLInputElement[]}
 */
function boxes(holder) {
  return [...holder.querySelectorAll(/** @type {"input"} */ ("input[type=checkbox]"))];
}

/**
 * @param {any[]} state
 * @param {Choice} choice
 */
function holds(state, choice) {
  return state.some((chosen) => isSame(chosen, choice.chosen));
}

/**
 * @param {any[]} state
 * @param {Choice[]} taken
 */
function isUnchanged(state, taken) {
  return state.length === taken.length && taken.every((choice) => holds(state, choice));
}

/** @param {Choice} choice */
function written({ label, description }) {
  return description ? `${label} – ${description}` : label;
}

/**
 * @param {Place} place
 * @param {string} placeholder What names a menu that nothing else names.
 * @param {string} [chosenId] What shows the choice, where the element does not tell it by itself.
 * @returns {Record<string, string>}
 */
function named({ named: names }, placeholder, chosenId = "") {
  const labels = names["aria-labelledby"];
  return labels ? { ...names, "aria-labelledby": `${labels} ${chosenId}`.trim() } : { "aria-label": placeholder };
}
