// What the elements of a form hold, in the terms in which Slack tells the app. Pure.
// Source: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload

/** @typedef {Map<string, any>} States What each element holds, by `stateKey`. */

/** By type of element: what its state is called, what that begins with, and what it is while it holds nothing. */
const SLOTS = /** @type {Record<string, [string, string, any]>} */ ({
  plain_text_input: ["value", "initial_value", null],
  number_input: ["value", "initial_value", null],
  email_text_input: ["value", "initial_value", null],
  url_text_input: ["value", "initial_value", null],
  static_select: ["selected_option", "initial_option", null],
  radio_buttons: ["selected_option", "initial_option", null],
  checkboxes: ["selected_options", "initial_options", []],
  multi_static_select: ["selected_options", "initial_options", []],
  users_select: ["selected_user", "initial_user", null],
  conversations_select: ["selected_conversation", "initial_conversation", null],
  channels_select: ["selected_channel", "initial_channel", null],
  multi_users_select: ["selected_users", "initial_users", []],
  multi_conversations_select: ["selected_conversations", "initial_conversations", []],
  multi_channels_select: ["selected_channels", "initial_channels", []],
  datepicker: ["selected_date", "initial_date", null],
  timepicker: ["selected_time", "initial_time", null],
});

/**
 * @param {any} block
 * @param {any} element
 * @returns {string} What tells an element from all others of its surface.
 */
export function stateKey(block, element) {
  return JSON.stringify([block.block_id ?? "", element.action_id ?? ""]);
}

/**
 * @param {any} element
 * @returns {any} What it holds before anybody touched it.
 */
export function initialState(element) {
  const [, initial, nothing] = SLOTS[element.type];
  return element[initial] ?? nothing;
}

/**
 * @param {any} block
 * @param {any} element
 * @param {States} states
 * @returns {any} What it holds now. `null` is what an emptied one holds, and not what it began with.
 */
function stateOf(block, element, states) {
  const key = stateKey(block, element);
  return states.has(key) ? states.get(key) : initialState(element);
}

/**
 * @param {any} element
 * @param {any} state
 * @returns {Record<string, any>} What it says of itself, such as `{"selected_option": …}`.
 */
export function told(element, state) {
  return { [SLOTS[element.type][0]]: state };
}

/**
 * @param {any} block
 * @returns {any[]} Its elements that hold something.
 */
export function statefulElements(block) {
  const elements = [...(block.type === "actions" ? block.elements : []), block.accessory, block.element];
  return elements.filter((element) => element && Object.hasOwn(SLOTS, element.type));
}

/**
 * @param {any[]} blocks
 * @param {States} states
 * @returns {Record<string, Record<string, any>>} Block id to action id to what each element says of itself.
 */
export function valuesOf(blocks, states) {
  /** @type {Record<string, Record<string, any>>} */
  const values = {};
  for (const block of blocks) {
    for (const element of statefulElements(block)) {
      (values[block.block_id ?? ""] ??= {})[element.action_id ?? ""] = told(element, stateOf(block, element, states));
    }
  }
  return values;
}

/**
 * @param {any} block
 * @param {States} states
 * @returns {boolean} Whether it is a field that must be filled in, and is not.
 */
export function isMissing(block, states) {
  if (block.type !== "input" || block.optional || !statefulElements(block).length) return false;
  const state = stateOf(block, block.element, states);
  return state === null || state.length === 0;
}
