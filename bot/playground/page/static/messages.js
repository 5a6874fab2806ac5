// A list of messages: by day, and grouped by author.

import { dayName } from "./times.js";
import { h, keyed } from "./dom.js";
import { renderMessage } from "./message.js";
import { nameOf, replies, statusLine } from "./workspace.js";

const GROUPED_WITHIN_S = 300;
const FACES = 3;
const GONE = "Deleted message";

/**
 * @typedef {import("./workspace.js").Message} Message
 * @typedef {import("./workspace.js").Workspace} Workspace
 * @typedef {{count: number, last: string, faces: [string, string, boolean][]}} Footer
 * @typedef {{key: string, day: string}} DayRow
 * @typedef {{key: string, message: Message, author: string, grouped: boolean, own: boolean, place: "channel" | "thread",
 *   footer: Footer | null, status: string}} MessageRow  Everything that its node shows, so that a change is seen.
 */

/**
 * @param {HTMLElement} list Holds nothing else.
 * @param {Workspace} workspace
 * @param {Message[]} messages Oldest first.
 * @param {"channel" | "thread"} place
 */
export function showMessages(list, workspace, messages, place) {
  keyed(
    list,
    rowsOf(workspace, messages, place),
    (row) => row.key,
    (row, old) => ("day" in row ? renderDay(row) : renderMessage(row, old, workspace)),
  );
}

/** @param {Workspace} workspace @param {Message[]} messages @param {"channel" | "thread"} place @returns {(DayRow | MessageRow)[]} */
function rowsOf(workspace, messages, place) {
  return messages.flatMap((message, at) => {
    const before = messages[at - 1];
    const sameDay = before !== undefined && dayName(before.ts) === dayName(message.ts);
    const row = {
      // What one may do with a message depends on who one is, and whether it is still there.
      key: `${message.ts} ${workspace.you} ${message.tombstone}`,
      message,
      author: message.tombstone ? GONE : nameOf(workspace, message.user),
      grouped: sameDay && continues(before, message),
      own: message.user === workspace.you,
      place,
      footer: place === "channel" ? footerOf(workspace, message) : null,
      status: place === "channel" ? statusLine(workspace, message.channel, message.ts) : "",
    };
    return sameDay || place === "thread" ? [row] : [{ key: `day ${message.ts}`, day: dayName(message.ts) }, row];
  });
}

/** @param {Message} before @param {Message} message */
function continues(before, message) {
  return (
    before.user === message.user &&
    before.ephemeral === message.ephemeral &&
    !before.tombstone &&
    !message.tombstone &&
    Number(message.ts) - Number(before.ts) < GROUPED_WITHIN_S
  );
}

/** @param {Workspace} workspace @param {Message} message @returns {Footer | null} */
function footerOf(workspace, message) {
  const found = replies(workspace, message.channel, message.ts).filter((reply) => !reply.ephemeral);
  if (!found.length) return null;
  const users = [...new Set(found.map((reply) => reply.user))].slice(0, FACES);
  return {
    count: found.length,
    last: found[found.length - 1].ts,
    faces: users.map((id) => [nameOf(workspace, id), id, workspace.users[id]?.is_bot ?? false]),
  };
}

/** @param {DayRow} row */
const renderDay = (row) => h("div", { class: "day", role: "separator" }, h("span", {}, row.day));
