/** Dates and times as text, in the reader's time zone. */

const LOCALE = navigator.language.startsWith("en") ? navigator.language : "en-GB";
const format = (options) => new Intl.DateTimeFormat(LOCALE, options);

const CLOCK = format({ hour: "numeric", minute: "2-digit" });
const CLOCK_SECONDS = format({ hour: "numeric", minute: "2-digit", second: "2-digit" });
const WEEKDAY = format({ weekday: "long", day: "numeric", month: "long" });
const LONG = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const MEDIUM = format({ day: "numeric", month: "long", year: "numeric" });
const SHORT = format({ day: "numeric", month: "short", year: "numeric" });

/** @param {string | number} ts seconds, as Slack writes them */
export const asDate = (ts) => new Date(Number(ts) * 1000);

export const clock = (ts) => CLOCK.format(asDate(ts));
export const clockSeconds = (ts) => CLOCK_SECONDS.format(asDate(ts));
export const fullTime = (ts) => `${LONG.format(asDate(ts))} at ${CLOCK_SECONDS.format(asDate(ts))}`;

/** A key shared by all times of one day. */
export const dayOf = (ts) => asDate(ts).toDateString();

/** "Today", "Yesterday" or the day's name. */
export function dayName(ts) {
  const near = nearDay(asDate(ts));
  if (near) return near;
  return (asDate(ts).getFullYear() === new Date().getFullYear() ? WEEKDAY : LONG).format(asDate(ts));
}

function nearDay(date) {
  const today = new Date();
  const days = Math.round((midnight(date) - midnight(today)) / 86_400_000);
  return { 0: "Today", "-1": "Yesterday", 1: "Tomorrow" }[days] ?? null;
}

const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

const pretty = (style) => (date) => nearDay(date)?.toLowerCase() ?? style.format(date);

/** The tokens of Slack's `<!date^…>`: docs.slack.dev, "Formatting text for app surfaces". */
const TOKENS = {
  date_num: (date) =>
    [date.getFullYear(), date.getMonth() + 1, date.getDate()]
      .map((n) => String(n).padStart(2, "0"))
      .join("-"),
  date: (date) => MEDIUM.format(date),
  date_slash: (date) =>
    [date.getMonth() + 1, date.getDate(), date.getFullYear()]
      .map((n) => String(n).padStart(2, "0"))
      .join("/"),
  date_short: (date) => SHORT.format(date),
  date_long: (date) => LONG.format(date),
  date_pretty: pretty(MEDIUM),
  date_short_pretty: pretty(SHORT),
  date_long_pretty: pretty(LONG),
  day_divider_pretty: pretty(LONG),
  time: (date) => CLOCK.format(date),
  time_secs: (date) => CLOCK_SECONDS.format(date),
  ago: (date) => ago(date),
};

const UNITS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
]);

function ago(date) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
  for (const [unit, size] of UNITS)
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  return relative.format(seconds, "second");
}

/** @param {string} ts @param {string} pattern such as "{date_short} at {time}" */
export function slackDate(ts, pattern) {
  return pattern.replace(/\{(\w+)\}/g, (whole, token) => TOKENS[token]?.(asDate(ts)) ?? whole);
}
