// Block Kit's interactive elements, each with what it holds and with when it tells the app.
// Source: https://docs.slack.dev/reference/block-kit/block-elements/

import { button, overflow } from "./buttons.js";
import { h } from "./dom.js";
import { picked, ticked, written } from "./fields.js";
import { press } from "./pressing.js";
import { selectMany, selectOne } from "./selects.js";
import { initialState, stateKey, told } from "./states.js";

/** @typedef {import("./blocks.js").Context} Context */

/** @type {Record<string, (place: Place) => HTMLElement>} */
const STATELESS = { button, overflow };
/** @type {Record<string, (place: Place) => HTMLElement>} */
const STATEFUL = {
  static_select: selectOne,
  users_select: selectOne,
  conversations_select: selectOne,
  channels_select: selectOne,
  multi_static_select: selectMany,
  multi_users_select: selectMany,
  multi_conversations_select: selectMany,
  multi_channels_select: selectMany,
  checkboxes: ticked,
  radio_buttons: ticked,
  datepicker: picked,
  timepicker: picked,
  plain_text_input: written,
  number_input: written,
  email_text_input: written,
  url_text_input: written,
};

/** Where an element stands, and what it holds. */
export class Place {
  /**
   * @param {any} block
   * @param {any} element
   * @param {Context} context
   * @param {Record<string, string>} named Attributes that name and describe the element for whoever cannot see it.
   */
  constructor(block, element, context, named = {}) {
    this.block = block;
    this.element = element;
    this.context = context;
    this.named = named;
    /** Inputs say nothing before the form is sent, unless the app asked for it. */
    this.tells = block.type !== "input" || Boolean(block.dispatch_action);
    this.states = context.states ?? new Map();
    this.key = stateKey(block, element);
    // Slack keeps what an element holds for as long as its ids stay, whatever it would begin with now.
    if (Object.hasOwn(STATEFUL, element.type) && !this.states.has(this.key)) this.states.set(this.key, initialState(element));
  }

  /** What the element holds, in Slack's terms. */
  get state() {
    return this.states.get(this.key);
  }

  /**
   * Keep what somebody chose, and say nothing.
   *
   * @param {any} state
   */
  hold(state) {
    this.states.set(this.key, state);
    this.context.changed?.();
  }

  /**
   * Keep what somebody chose, and tell the app if it wants to know. Taken back where the person was asked first and
   * did not want it.
   *
   * @param {any} state
   * @param {HTMLElement} control
   */
  async choose(state, control) {
    const before = this.state;
    this.hold(state);
    if (this.tells && !(await press(this, control, told(this.element, state)))) this.hold(before);
  }
}

/**
 * @param {Place} place
 * @returns {HTMLElement} A quiet remark where the element is none that can be used here.
 */
export function renderControl(place) {
  const { type } = place.element;
  const render = STATELESS[type] ?? STATEFUL[type];
  return render ? render(place) : h("span", { class: "b-unknown" }, `[${type}]`);
}
