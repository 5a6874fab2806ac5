// One message. It is kept in parts, each changed by itself: a player goes on playing when a reply arrives below it.

import { act } from "./api.js";
import { avatar } from "./avatar.js";
import { renderBlocks } from "./blocks.js";
import { h, keyed } from "./dom.js";
import { renderAttachment, renderFile } from "./files.js";
import { keepingFocus } from "./focus.js";
import { icon } from "./icons.js";
import { toolbar } from "./message_actions.js";
import { renderMrkdwn } from "./mrkdwn.js";
import { renderReactions } from "./reactions.js";
import { go } from "./route.js";
import { machineDate, timeOfDay, wholeDate } from "./times.js";

/**
 * @typedef {import("./messages.js").MessageRow} MessageRow
 * @typedef {import("./workspace.js").Workspace} Workspace
 * @typedef {{key: string, content: any, render: (old: any) => Element}} Part
 */

/**
 * @param {MessageRow} row
 * @param {any} old Its node so far.
 * @param {Workspace} workspace
 * @returns {Element}
 */
export function renderMessage(row, old, workspace) {
  /** @type {any} */
  const node = old ?? frame(row, workspace, () => node.message);
  node.message = row.message;
  node.classList.toggle("grouped", row.grouped);
  node.classList.toggle("tombstone", row.message.tombstone);
  const parts = node.querySelector(".parts");
  keepingFocus(parts, () => keyed(parts, partsOf(row, workspace), (part) => part.key, renderPart));
  return node;
}

/** @param {Part} part @param {any} old */
function renderPart({ key, render }, old) {
  const made = /** @type {HTMLElement} */ (render(old));
  made.dataset.block = key;
  return made;
}

/**
 * @param {MessageRow} row
 * @param {Workspace} workspace
 * @param {() => import("./workspace.js").Message} current The message as it is later.
 */
function frame(row, workspace, current) {
  const { message, author, own, place } = row;
  return h(
    "article",
    {
      class: message.ephemeral ? "message ephemeral" : "message",
      "data-ts": message.ts,
      "aria-label": `${author}, ${timeOfDay(message.ts)}`,
    },
    h("div", { class: "gutter" }, face(row), when(message.ts)),
    h("div", { class: "parts" }),
    message.ephemeral ? null : toolbar(message, current, { own, place }, workspace),
  );
}

/** @param {MessageRow} row */
const face = ({ message, author }) =>
  message.tombstone
    ? h("span", { class: "avatar", "aria-hidden": "true" }, icon("trash"))
    : avatar(author, message.user, message.bot);

/** @param {string} ts */
const when = (ts) => h("time", { datetime: machineDate(ts), title: wholeDate(ts) }, timeOfDay(ts));

/** @param {MessageRow} row @param {Workspace} workspace @returns {Part[]} */
function partsOf(row, workspace) {
  const { message } = row;
  if (message.tombstone)
    return [part("gone", true, () => h("p", { class: "muted" }, "This message was deleted.")), ...footers(row)];
  return [
    message.ephemeral && part("private", true, () => h("p", { class: "only-you" }, "Only visible to you")),
    !row.grouped && part("head", [row.author, message.bot], () => head(row)),
    (message.blocks.length || message.text) &&
      part("text", [message.blocks, message.text, message.edited], () => words(message, workspace)),
    ...message.files.map((file) => part(`file ${file.id}`, file, () => renderFile(file))),
    ...message.attachments.map((attachment, at) =>
      part(`attachment ${at}`, attachment, () => renderAttachment(attachment, contextFor(message, workspace))),
    ),
    message.reactions.length &&
      part("reactions", [message.reactions, workspace.you], (old) => renderReactions(message, workspace, old)),
    ...footers(row),
  ].filter((one) => typeof one === "object");
}

/** @param {string} key @param {any} content @param {(old: any) => Element} render @returns {Part} */
const part = (key, content, render) => ({ key, content, render });

/** @param {MessageRow} row */
const head = ({ message, author }) =>
  h(
    "div",
    { class: "head" },
    h("span", { class: "author" }, author),
    message.bot && h("span", { class: "badge" }, "App"),
    when(message.ts),
  );

/** @param {import("./workspace.js").Message} message @param {Workspace} workspace */
function words(message, workspace) {
  const context = contextFor(message, workspace);
  // What people type is told in both forms, and the text holds all of it.
  const content =
    message.bot && message.blocks.length ? renderBlocks(message.blocks, context) : renderMrkdwn(message.text, context);
  return h("div", { class: "text" }, content, message.edited && h("span", { class: "edited" }, "(edited)"));
}

/** @param {import("./workspace.js").Message} message @param {Workspace} workspace @returns {import("./blocks.js").Context} */
function contextFor(message, workspace) {
  return {
    users: workspace.users,
    channels: workspace.channels,
    surface: "message",
    press: (block, element, chosen) =>
      act("press", {
        channel: message.channel,
        ts: message.ts,
        block_id: block.block_id,
        action_id: element.action_id,
        chosen,
      }),
  };
}

/** @param {MessageRow} row @returns {Part[]} */
function footers({ message, footer, status }) {
  const { channel, ts } = message;
  const live = status ? [part("status", status, () => h("p", { class: "under-way" }, status))] : [];
  return footer ? [part("footer", footer, () => threadLink(channel, ts, footer)), ...live] : live;
}

/** @param {string} channel @param {string} ts @param {import("./messages.js").Footer} footer */
function threadLink(channel, ts, footer) {
  return h(
    "button",
    { class: "thread-link", type: "button", onclick: () => go(channel, ts) },
    footer.faces.map((face) => avatar(...face)),
    h("strong", {}, footer.count === 1 ? "1 reply" : `${footer.count} replies`),
    h("span", { class: "muted" }, `Last reply ${timeOfDay(footer.last)}`),
    icon("back"),
  );
}
