// Says to screen readers which messages arrive, and how the bot's change.

import { renderMrkdwn } from "./mrkdwn.js";
import { say } from "./notices.js";
import { nameOf } from "./workspace.js";

const SAID_LETTERS = 300;

/**
 * @typedef {import("./workspace.js").Message} Message
 * @typedef {import("./workspace.js").Workspace} Workspace
 */

/** @returns {(workspace: Workspace) => void} Call with each workspace; what a person sees first is not said. */
export function arrivals() {
  let you = "";
  let upTo = 0;
  /** @type {Map<string, string>} What the bot wrote, by channel and timestamp. */
  let written = new Map();
  return (workspace) => {
    const { messages } = workspace;
    if (you === workspace.you) {
      messages
        .filter((message) => (message.user !== you && Number(message.ts) > upTo) || isEdited(message, written))
        .forEach((message) => say(`${nameOf(workspace, message.user)}: ${heard(message, workspace)}`));
    }
    you = workspace.you;
    upTo = Math.max(upTo, ...messages.map((message) => Number(message.ts)));
    written = new Map(messages.filter(({ bot }) => bot).map((message) => [keyOf(message), message.text]));
  };
}

/** @param {Message} message */
const keyOf = ({ channel, ts }) => `${channel} ${ts}`;

/** @param {Message} message @param {Map<string, string>} written */
const isEdited = (message, written) => (written.get(keyOf(message)) ?? message.text) !== message.text;

/** @param {Message} message @param {Workspace} workspace @returns {string} The words that a reader sees. */
function heard(message, { users, channels }) {
  const shown = renderMrkdwn(message.text, { users, channels, surface: "message", press: async () => {} });
  // Their text alone would run together.
  for (const node of shown.querySelectorAll("br, pre, blockquote")) node.after(" ");
  return (shown.textContent ?? "").trim().slice(0, SAID_LETTERS) || message.files.map(({ name }) => name).join(", ");
}
