// What the page knows of the workspace, and how to find things in it. Nothing here touches the page.

/**
 * @typedef {{id: string, name: string, title: string, mimetype: string, size: number, clip: boolean,
 *   duration_s: number | null, wave: number[] | null, deleted: boolean, user: string}} SharedFile
 * @typedef {{channel: string, ts: string, user: string, bot: boolean, text: string, blocks: any[],
 *   thread_ts: string | null, edited: boolean, tombstone: boolean, ephemeral: boolean, files: SharedFile[],
 *   reactions: {name: string, users: string[]}[], attachments: any[], permalink: string}} Message
 * @typedef {{id: string, name: string, kind: "channel" | "group" | "im" | "mpim", title: string, has_bot: boolean,
 *   topic: string}} Channel
 * @typedef {{name: string, real_name: string, is_bot: boolean}} User
 * @typedef {{team: string, you: string, bot: {user_id: string, name: string},
 *   commands: {command: string, hint: string, description: string}[],
 *   shortcuts: {callback_id: string, name: string}[], people: {id: string, name: string}[],
 *   users: Record<string, User>, channels: Channel[], messages: Message[],
 *   statuses: {channel: string, thread_ts: string, text: string}[], views: any[], home: any}} Workspace
 */

/** @param {Workspace} workspace @param {string} userId @returns {string} */
export const nameOf = (workspace, userId) =>
  workspace.users[userId]?.real_name || workspace.users[userId]?.name || userId;

/** @param {Workspace} workspace @returns {string} The bot's name as people read it. */
export const botName = (workspace) => nameOf(workspace, workspace.bot.user_id);

/** @param {Channel} channel @returns {boolean} The conversation of a person and the app, with its home tab. */
export const isAppsOwn = (channel) => channel.kind === "im" && channel.has_bot;

/** @param {Workspace} workspace @param {string} id @returns {Channel | undefined} */
export const channelById = (workspace, id) => workspace.channels.find((channel) => channel.id === id);

/** @param {Workspace} workspace @param {string} channelId @returns {Message[]} Everything but replies. */
export const channelMessages = (workspace, channelId) =>
  workspace.messages.filter((message) => message.channel === channelId && !message.thread_ts);

/** @param {Workspace} workspace @param {string} channelId @param {string} ts @returns {Message[]} The replies alone. */
export const replies = (workspace, channelId, ts) =>
  workspace.messages.filter((message) => message.channel === channelId && message.thread_ts === ts);

/** @param {Workspace} workspace @param {string} channelId @param {string} ts @returns {Message | undefined} */
export const messageAt = (workspace, channelId, ts) =>
  workspace.messages.find((message) => message.channel === channelId && message.ts === ts);

/** @param {Workspace} workspace @param {string} channelId @param {string} ts @returns {string} "Threadscribe is …", or "". */
export function statusLine(workspace, channelId, ts) {
  const status = workspace.statuses.find((one) => one.channel === channelId && one.thread_ts === ts);
  return status?.text ? `${botName(workspace)} ${status.text}` : "";
}
