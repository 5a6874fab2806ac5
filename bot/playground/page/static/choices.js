// What a menu offers: an app's own options, or the people and conversations of the workspace. Pure.

import { plainText } from "./text.js";

/** @typedef {import("./blocks.js").Context} Context */
/** @typedef {{chosen: any, label: string, description: string}} Choice `chosen`: what the element then holds. */
/** @typedef {{label: string, choices: Choice[]}} Group */

/**
 * @param {any} element A menu of one or of many.
 * @param {Context} context
 * @returns {Group[]} One without a label where the menu is not grouped.
 */
export function offered(element, context) {
  if (element.type.endsWith("users_select")) return [{ label: "", choices: people(context) }];
  if (element.type.endsWith("channels_select")) return [{ label: "", choices: channels(context, ["channel"]) }];
  if (element.type.endsWith("conversations_select")) return [{ label: "", choices: channels(context) }];
  const groups = element.option_groups ?? [{ options: element.options ?? [] }];
  return groups.map((/** @type {any} */ group) => ({
    label: plainText(group.label),
    choices: group.options.map(choiceOf),
  }));
}

/**
 * @param {any} option
 * @returns {Choice}
 */
export function choiceOf(option) {
  return { chosen: option, label: plainText(option.text), description: plainText(option.description) };
}

/**
 * @param {any} one
 * @param {any} other
 * @returns {boolean} Whether they are the same choice.
 */
export function isSame(one, other) {
  return (one?.value ?? one) === (other?.value ?? other);
}

/**
 * @param {Context} context
 * @returns {Choice[]}
 */
function people(context) {
  return Object.entries(context.users).map(([id, user]) => ({ chosen: id, label: user.real_name || user.name, description: "" }));
}

/**
 * @param {Context} context
 * @param {string[]} [kinds] All where left out.
 * @returns {Choice[]}
 */
function channels(context, kinds) {
  const wanted = context.channels.filter((channel) => !kinds || kinds.includes(channel.kind));
  return wanted.map((channel) => ({ chosen: channel.id, label: channel.title, description: "" }));
}
