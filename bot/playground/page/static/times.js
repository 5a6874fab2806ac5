// Times and durations as people read them, in the reader's own locale.

const TIME = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const RELATIVE_DAY = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const DAY_MS = 86_400_000;

/** @param {string} ts Slack's timestamp: epoch seconds. */
const dateOf = (ts) => new Date(Number(ts) * 1000);

/** @param {string} ts @returns {string} The time of day. */
export const timeOfDay = (ts) => TIME.format(dateOf(ts));

/** @param {string} ts @returns {string} Day and time, to the second. */
export const wholeDate = (ts) => WHOLE.format(dateOf(ts));

/** @param {string} ts @returns {string} For `<time datetime>`. */
export const machineDate = (ts) => dateOf(ts).toISOString();

/**
 * @param {string} ts
 * @param {Date} now
 * @returns {string} "Today", "Yesterday", or the date.
 */
export function dayName(ts, now = new Date()) {
  const date = dateOf(ts);
  const ago = Math.round((midnight(now) - midnight(date)) / DAY_MS);
  const name = ago <= 1 ? RELATIVE_DAY.format(-ago, "day") : DAY.format(date);
  return name.charAt(0).toLocaleUpperCase() + name.slice(1);
}

/** @param {Date} date */
const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

/** @param {number} seconds @returns {string} As players show it: "0:11", "1:02:03". */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
