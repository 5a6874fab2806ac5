// Dates as Slack writes them for whoever reads: `{date_short} at {time}`.

const DAY_MS = 86_400_000;

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const STYLES = {
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "numeric", minute: "2-digit" },
  time_secs: { hour: "numeric", minute: "2-digit", second: "2-digit" },
};

/**
 * Source: https://docs.slack.dev/messaging/formatting-message-text#date-formatting
 *
 * @param {number} timestamp_s Since the epoch.
 * @param {string} format With tokens such as `{date_pretty}`; unknown ones stay.
 * @param {number} now_ms Since the epoch.
 * @returns {string} In the reader's own time zone and language.
 */
export function formatDate(timestamp_s, format, now_ms = Date.now()) {
  const at = new Date(timestamp_s * 1000);
  if (Number.isNaN(at.getTime())) return format;
  return format.replace(/\{(\w+)\}/g, (token, name) => {
    if (name === "date_num") return isoDay(at);
    if (name === "ago") return ago(now_ms - at.getTime());
    const style = name.replace(/_pretty$/, "");
    if (!Object.hasOwn(STYLES, style)) return token;
    const near = style === name ? "" : nearDay(at, now_ms);
    return near || at.toLocaleString(undefined, STYLES[style]);
  });
}

/** @param {Date} at */
function isoDay(at) {
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/**
 * @param {Date} at
 * @param {number} now_ms
 */
function nearDay(at, now_ms) {
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date(now_ms).setHours(0, 0, 0, 0)) / DAY_MS);
  return Math.abs(days) > 1 ? "" : new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(days, "day");
}

/** @param {number} passed_ms */
function ago(passed_ms) {
  const format = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  /** @type {[Intl.RelativeTimeFormatUnit, number][]} */
  const units = [["day", DAY_MS], ["hour", 3_600_000], ["minute", 60_000], ["second", 1000]];
  const [unit, size] = units.find(([, unitSize]) => Math.abs(passed_ms) >= unitSize) ?? ["second", 1000];
  return format.format(-Math.round(passed_ms / size), unit);
}
