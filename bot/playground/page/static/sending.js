// The way of a draft into the workspace: as a command, a message, or files with a text.

import { act, upload } from "./api.js";
import { NOTHING } from "./drafts.js";
import { INVITE, whyNoInvitation } from "./invite.js";
import { tellIfUnheard, telling } from "./notices.js";
import { parseCommand, toSlackText } from "./slack_text.js";

/**
 * @typedef {import("./drafts.js").Draft} Draft
 * @typedef {import("./drafts.js").Target} Target
 * @typedef {import("./workspace.js").Workspace} Workspace
 * @typedef {{first: string, left: Draft}} Sent  `first`: the timestamp of the first message with a file, or "".
 *   `left`: what could not be sent.
 */

/**
 * @param {Draft} draft
 * @param {Target} target
 * @param {Workspace} workspace
 * @returns {string} Why it cannot be sent; empty if it can.
 */
export function whyNot(draft, target, workspace) {
  const typed = commandOf(draft);
  if (!typed) return "";
  const { command, text } = typed;
  if (command !== INVITE && !workspace.commands.some((known) => known.command === command)) {
    return `There is no command ${command}. Slack takes every message that begins with “/” for a command.`;
  }
  if (target.thread) return "Slack has no commands in threads. Type it in the channel, or use the message's menu.";
  return command === INVITE ? whyNoInvitation(text, target.channel, workspace) : "";
}

/**
 * Send as much as goes, and tell the person what stopped it.
 *
 * @param {Draft} draft
 * @param {Target} target
 * @param {Workspace} workspace
 * @returns {Promise<Sent>}
 */
export async function send(draft, target, workspace) {
  if (draft.items.length) return shareAll(draft, target, workspace);
  const sent = await telling(async () => {
    await sendText(draft, target, workspace);
    return true;
  });
  return { first: "", left: sent ? NOTHING : draft };
}

/** @param {Draft} draft A text that stands with files is never a command. */
const commandOf = ({ text, items }) => (items.length ? null : parseCommand(text));

/** @param {Draft} draft @param {Target} target @param {Workspace} workspace */
async function sendText(draft, target, workspace) {
  const typed = commandOf(draft);
  const where = { as: target.you, channel: target.channel };
  if (typed?.command === INVITE) await act("invite_bot", where);
  else if (typed) tellIfUnheard(await act("command", { ...where, ...typed }));
  else {
    const text = toSlackText(draft.text, workspace.users);
    await act("post", { ...where, text, thread_ts: target.thread || null });
  }
}

/**
 * Each file becomes a message: the look-alike shares them one by one. The text stands with the first.
 *
 * @param {Draft} draft
 * @param {Target} target
 * @param {Workspace} workspace
 * @returns {Promise<Sent>}
 */
async function shareAll({ text, items }, { you, channel, thread }, workspace) {
  let first = "";
  for (const [at, { blob, name, kind }] of items.entries()) {
    const words = at ? "" : toSlackText(text, workspace.users);
    const about = { as: you, channel, thread_ts: thread, name, kind, text: words };
    const shared = await telling(() => upload(blob, about));
    if (!shared) return { first, left: { text: at ? "" : text, items: items.slice(at) } };
    first ||= shared.ts;
  }
  return { first, left: NOTHING };
}
