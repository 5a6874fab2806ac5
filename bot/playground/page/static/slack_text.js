// What a person typed, as Slack tells it to apps. Nothing here touches the page.

const LINK = /(https?:\/\/[^\s<>]*[^\s<>.,;:!?)\]}'"])/;

/**
 * @param {string} typed "@Ada" means the person of that name.
 * @param {Record<string, import("./workspace.js").User>} users
 * @returns {string} Escaped, with `<@U…>` for people and `<https://…>` for links.
 */
export function toSlackText(typed, users) {
  return typed
    .trim()
    .split(LINK)
    .map((piece, at) => (at % 2 ? `<${escaped(piece)}>` : withMentions(escaped(piece), users)))
    .join("");
}

/** @param {string} text */
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** @param {string} text @param {Record<string, import("./workspace.js").User>} users */
function withMentions(text, users) {
  const ids = new Map(
    Object.entries(users).flatMap(([id, user]) => [user.name, user.real_name].map((name) => [name.toLowerCase(), id])),
  );
  // Longest first, so that "@Ada Lovelace" is not taken for "@Ada".
  const names = [...ids.keys()]
    .filter(Boolean)
    .sort((one, other) => other.length - one.length)
    .map(literally);
  if (!names.length) return text;
  const mention = new RegExp(`(?<![\\p{L}\\p{N}_@.])@(${names.join("|")})(?![\\p{L}\\p{N}_])`, "giu");
  return text.replace(mention, (_, name) => `<@${ids.get(name.toLowerCase())}>`);
}

/** @param {string} text */
const literally = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/**
 * @param {string} typed
 * @returns {{command: string, text: string} | null} A slash command, which is never posted.
 */
export function parseCommand(typed) {
  const found = /^(\/\S+)\s*([^]*)$/.exec(typed.trim());
  return found && { command: found[1], text: found[2] };
}
