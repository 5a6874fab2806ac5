// Slack's own command that brings the app into a conversation. The app does not hear of it as a command.

import { botName, channelById } from "./workspace.js";

export const INVITE = "/invite";

/** @typedef {import("./workspace.js").Workspace} Workspace */

/** @param {Workspace} workspace @returns {Workspace["commands"][number]} As it is offered. */
export const inviteCommand = (workspace) => ({
  command: INVITE,
  hint: `@${botName(workspace)}`,
  description: `Bring ${botName(workspace)} into this conversation.`,
});

/**
 * @param {string} whom As typed after the command.
 * @param {string} channelId
 * @param {Workspace} workspace
 * @returns {string} Why the app cannot be invited; empty if it can.
 */
export function whyNoInvitation(whom, channelId, workspace) {
  const channel = channelById(workspace, channelId);
  const name = botName(workspace);
  const names = [name, workspace.bot.name].map((one) => `@${one.toLowerCase()}`);
  if (!names.includes(whom.trim().toLowerCase())) return `Here only the app can be invited: ${INVITE} @${name}`;
  if (channel?.has_bot) return `${name} is in this conversation already.`;
  return channel?.kind === "im" ? "Nobody can be invited to a conversation of two." : "";
}
