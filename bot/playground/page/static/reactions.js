// Reactions under a message, and the picker.

import { act } from "./api.js";
import { h, keyed } from "./dom.js";
import { COMMON_REACTIONS, emoji } from "./emoji.js";
import { icon } from "./icons.js";
import { menuButton } from "./menu.js";
import { telling } from "./notices.js";
import { nameOf } from "./workspace.js";

/**
 * @typedef {import("./workspace.js").Message} Message
 * @typedef {import("./workspace.js").Workspace} Workspace
 */

/** @param {Message} message @param {Workspace} workspace @param {any} old @returns {Element} */
export function renderReactions(message, workspace, old) {
  const node =
    old ??
    h(
      "div",
      { class: "reactions" },
      h("div", { class: "pills" }),
      reactionPicker(message, "Add another reaction", "pill"),
    );
  const pills = message.reactions.map(({ name, users }) => ({
    name,
    count: users.length,
    yours: users.includes(workspace.you),
    who: users.map((id) => nameOf(workspace, id)).join(", "),
  }));
  keyed(
    node.firstElementChild,
    pills,
    (pill) => pill.name,
    (pill, before) => renderPill(message, pill, before),
  );
  return node;
}

/** @param {Message} message @param {{name: string, count: number, yours: boolean, who: string}} pill @param {any} old */
function renderPill(message, { name, count, yours, who }, old) {
  const node =
    old ??
    h(
      "button",
      { class: "pill", type: "button", onclick: () => react(message, name) },
      h("span", {}, emoji(name)),
      h("span", { class: "count" }),
    );
  node.setAttribute("aria-pressed", String(yours));
  node.setAttribute("aria-label", `${name}, ${count}`);
  node.title = `${who} reacted with :${name}:`;
  node.lastElementChild.textContent = String(count);
  return node;
}

/** @param {Message} message @param {string} label @param {string} look @returns {HTMLElement} The button and its picker. */
export function reactionPicker(message, label, look) {
  const items = () =>
    COMMON_REACTIONS.map((name) => ({ label: emoji(name), name, choose: () => react(message, name) }));
  return menuButton({ label, class: `${look} picker`, items }, icon("smile"));
}

/** @param {Message} message @param {string} name */
const react = (message, name) => telling(() => act("react", { channel: message.channel, ts: message.ts, name }));
