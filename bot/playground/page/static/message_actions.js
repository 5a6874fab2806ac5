// What one can do with a message: the bar that appears over it, and its menu.

import { act } from "./api.js";
import { confirmed } from "./confirm.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { menuButton } from "./menu.js";
import { notify, tellIfUnheard, telling } from "./notices.js";
import { reactionPicker } from "./reactions.js";
import { go } from "./route.js";

/**
 * @typedef {import("./workspace.js").Message} Message
 * @typedef {import("./workspace.js").Workspace} Workspace
 */

/**
 * @param {Message} message
 * @param {() => Message} current The same as it is when the menu opens.
 * @param {{own: boolean, place: "channel" | "thread"}} where `own`: whoever looks wrote it.
 * @param {Workspace} workspace
 * @returns {HTMLElement}
 */
export function toolbar(message, current, { own, place }, workspace) {
  const reply = () => go(message.channel, message.ts);
  const answering = place === "channel" ? [{ label: "Reply in thread", choose: reply }] : [];
  const items = () => [...answering, ...forAll(message, workspace), ...(own ? forAuthor(current(), workspace) : [])];
  return h(
    "div",
    { class: "toolbar" },
    reactionPicker(message, "Add reaction", "tool"),
    answering.map(({ label, choose }) =>
      h("button", { class: "tool", type: "button", "aria-label": label, title: label, onclick: choose }, icon("reply")),
    ),
    menuButton({ label: "More actions", class: "tool", items }, icon("more")),
  );
}

/** @param {Message} message @param {Workspace} workspace @returns {import("./menu.js").MenuItem[]} */
function forAll({ channel, ts, permalink }, workspace) {
  const shortcuts = workspace.shortcuts.map(({ callback_id, name }) => ({
    label: name,
    choose: async () => tellIfUnheard(await telling(() => act("shortcut", { channel, ts, callback_id }))),
  }));
  return [{ label: "Copy link", choose: () => copy(permalink) }, ...shortcuts];
}

/** @param {Message} message @param {Workspace} workspace @returns {import("./menu.js").MenuItem[]} */
function forAuthor({ channel, ts, files }, workspace) {
  const kept = files.filter((file) => !file.deleted);
  const ofFiles = kept.map((file) => ({
    label: kept.length > 1 ? `Delete ${file.name}` : "Delete file",
    danger: true,
    choose: () => deleteOnceConfirmed("file", workspace, () => act("delete_file", { file: file.id })),
  }));
  const ofMessage = () => deleteOnceConfirmed("message", workspace, () => act("delete_message", { channel, ts }));
  return [...ofFiles, { label: "Delete message", danger: true, choose: ofMessage }];
}

/** @param {"file" | "message"} what @param {Workspace} workspace @param {() => Promise<any>} doing */
async function deleteOnceConfirmed(what, { users, channels }, doing) {
  const words = (/** @type {string} */ text) => ({ type: "plain_text", text });
  const question = {
    title: words(`Delete ${what}`),
    text: words(`Delete this ${what}? That cannot be undone.`),
    confirm: words("Delete"),
    deny: words("Cancel"),
    style: "danger",
  };
  const nothing = async () => {};
  if (await confirmed(question, { users, channels, surface: "message", press: nothing })) await telling(doing);
}

/** @param {string} link */
const copy = (link) =>
  navigator.clipboard
    .writeText(link)
    .catch(() => notify(`The browser does not let the page copy. The link is ${link}`));
