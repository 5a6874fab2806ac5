// Where the reader is, kept in the address so that reloading and links lead back: #C1, #C1/1234.5678, #D1/home.

const HOME = "home";

/**
 * @typedef {{channel: string, thread: string, home: boolean}} Route  Empty strings: none chosen.
 */

/** @returns {Route} */
export function here() {
  const [channel = "", rest = ""] = decoded(location.hash.slice(1)).split("/");
  return { channel, thread: rest === HOME ? "" : rest, home: rest === HOME };
}

/** @param {string} hash @returns {string} As it is where somebody mangled it: no channel is called that. */
function decoded(hash) {
  try {
    return decodeURIComponent(hash);
  } catch {
    return hash;
  }
}

/**
 * @param {string} channel Empty: the list of channels, which a phone shows by itself.
 * @param {string} thread The timestamp of the thread's first message.
 */
export function go(channel, thread = "") {
  location.hash = thread ? `${channel}/${thread}` : channel;
}

/** @param {string} channel Where a reader is who was led nowhere; going back does not lead to before it. */
export function begin(channel) {
  if (!location.hash) history.replaceState(null, "", `#${channel}`);
}

/** @param {string} channel The app's own conversation. */
export const goHome = (channel) => go(channel, HOME);

/**
 * @param {string} href
 * @returns {{channel: string, ts: string, thread: string} | null} The message that a copied link leads to.
 */
export function parsePermalink(href) {
  const found = /^https:\/\/[^/]+\/archives\/(\w+)\/p(\d+)(\d{6})(?:\?(.*))?$/.exec(href);
  if (!found) return null;
  const [, channel, seconds, fraction, query] = found;
  return { channel, ts: `${seconds}.${fraction}`, thread: new URLSearchParams(query).get("thread_ts") ?? "" };
}
