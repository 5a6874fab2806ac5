// How the traffic panel writes times, and how it judges them. Pure.

/**
 * How long Slack waits for an acknowledgement.
 *
 * Source: https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
 */
export const ACK_LIMIT_S = 3;
/** From here on an acknowledgement is too slow to be comfortable: a busy day makes it late. */
const SLOW_ACK_S = 1;

/**
 * @param {number} duration_s
 * @returns {string} Such as `4 ms`, `1.3 s` or `2 min 5 s`.
 */
export function duration(duration_s) {
  if (duration_s < 0.001) return "<1 ms";
  if (duration_s < 0.9995) return `${Math.round(duration_s * 1000)} ms`;
  if (duration_s < 59.95) return `${duration_s.toFixed(1)} s`;
  const whole_s = Math.round(duration_s);
  return `${Math.floor(whole_s / 60)} min ${whole_s % 60} s`;
}

/**
 * @param {number} at_s Since the epoch.
 * @returns {string} The reader's time of day, to the millisecond.
 */
export function timeOfDay(at_s) {
  const at = new Date(at_s * 1000);
  return `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/**
 * @param {{kind: string, took_s: number | null}} row
 * @returns {"" | "slow" | "late"} How an acknowledgement stands against Slack's limit; nothing for other rows.
 */
export function pace({ kind, took_s }) {
  if (kind !== "delivery" || took_s === null || took_s <= SLOW_ACK_S) return "";
  return took_s > ACK_LIMIT_S ? "late" : "slow";
}

/**
 * @param {{title: string, detail: string, note: string, kind: string}} row
 * @param {string} words
 * @returns {boolean} Whether the row holds every word.
 */
export function holdsWords(row, words) {
  const text = `${row.title} ${row.detail} ${row.note} ${row.kind}`.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
