// What a person has read, for the dots in the sidebar. Kept for this tab, so that reloading does not forget it.

import { messageAt } from "./workspace.js";

const OPENED = "opened";

/** @param {string} key */
const kept = (key) => Number(sessionStorage.getItem(key) ?? 0);

/** Nothing from before the page was first opened counts as new. */
export function rememberOpening() {
  if (!kept(OPENED)) sessionStorage.setItem(OPENED, String(Date.now() / 1000));
}

/** @param {string} you @param {string} channelId @param {string} upTo The newest message's timestamp. */
export function markRead(you, channelId, upTo) {
  sessionStorage.setItem(`read ${you} ${channelId}`, upTo);
}

/**
 * @param {import("./workspace.js").Workspace} workspace
 * @param {string} channelId
 * @returns {boolean} Something is new for you: a message, or a reply in a thread that you began.
 */
export function isUnread(workspace, channelId) {
  const readUpTo = Math.max(kept(OPENED), kept(`read ${workspace.you} ${channelId}`));
  return workspace.messages.some(
    (message) =>
      message.channel === channelId &&
      Number(message.ts) > readUpTo &&
      message.user !== workspace.you &&
      (!message.thread_ts || messageAt(workspace, channelId, message.thread_ts)?.user === workspace.you),
  );
}
