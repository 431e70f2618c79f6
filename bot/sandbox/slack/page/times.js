/** Dates and times as text, in the time zone of the acting person's profile, as Slack writes them. */

const LOCALE = navigator.language.startsWith("en") ? navigator.language : "en-GB";
const STYLES = {
  clock: { hour: "numeric", minute: "2-digit" },
  clockSeconds: { hour: "numeric", minute: "2-digit", second: "2-digit" },
  weekday: { weekday: "long", day: "numeric", month: "long" },
  long: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  medium: { day: "numeric", month: "long", year: "numeric" },
  short: { day: "numeric", month: "short", year: "numeric" },
};
const DIGITS = { year: "numeric", month: "2-digit", day: "2-digit" };
const HOURS = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

let write = /** @type {Record<string, Intl.DateTimeFormat>} */ ({});
let numbers = /** @type {Record<string, Intl.DateTimeFormat>} */ ({});

/** @param {string} [timeZone] of the person who reads, such as "Asia/Kolkata"; without it the browser's own */
export function setZone(timeZone) {
  const format = (locale, style) => new Intl.DateTimeFormat(locale, { ...style, timeZone });
  write = Object.fromEntries(Object.entries(STYLES).map(([name, style]) => [name, format(LOCALE, style)]));
  numbers = { day: format("en-CA", DIGITS), hours: format("en-GB", HOURS) };
}
setZone();

/** @param {string | number} ts seconds, as Slack writes them */
export const asDate = (ts) => new Date(Number(ts) * 1000);

export const clock = (ts) => write.clock.format(asDate(ts));
export const clockSeconds = (ts) => write.clockSeconds.format(asDate(ts));
export const fullTime = (ts) => `${write.long.format(asDate(ts))} at ${clockSeconds(ts)}`;

/** Year, month and day as digits. @param {Date} date @returns {string[]} */
const digitsOf = (date) => numbers.day.format(date).split("-");

/** @param {number} seconds @returns {string} as the browser's pickers write it: "2026-12-01T09:30" */
export const toPicker = (seconds) => `${dayOf(seconds)}T${numbers.hours.format(asDate(seconds))}`;

/** @param {string} picked @returns {number} seconds; an hour skipped by daylight saving has no defined meaning */
export function fromPicker(picked) {
  const wanted = Date.parse(`${picked}Z`) / 1000;
  const shift = (at) => at + wanted - Date.parse(`${toPicker(at)}Z`) / 1000;
  return shift(shift(wanted));
}

/** A key shared by all times of one day. */
export const dayOf = (ts) => digitsOf(asDate(ts)).join("-");

/** "Today", "Yesterday" or the day's name. */
export function dayName(ts) {
  const near = nearDay(asDate(ts));
  if (near) return near;
  const isThisYear = digitsOf(asDate(ts))[0] === digitsOf(new Date())[0];
  return write[isThisYear ? "weekday" : "long"].format(asDate(ts));
}

function nearDay(date) {
  const days = Math.round((midnight(date) - midnight(new Date())) / 86_400_000);
  return { 0: "Today", "-1": "Yesterday", 1: "Tomorrow" }[days] ?? null;
}

const midnight = (date) => Date.parse(digitsOf(date).join("-"));

const pretty = (style) => (date) => nearDay(date)?.toLowerCase() ?? write[style].format(date);

/** The tokens of Slack's `<!date^…>`: docs.slack.dev, "Formatting text for app surfaces". */
const TOKENS = {
  date_num: (date) => digitsOf(date).join("-"),
  date: (date) => write.medium.format(date),
  date_slash: (date) => [...digitsOf(date).slice(1), digitsOf(date)[0]].join("/"),
  date_short: (date) => write.short.format(date),
  date_long: (date) => write.long.format(date),
  date_pretty: pretty("medium"),
  date_short_pretty: pretty("short"),
  date_long_pretty: pretty("long"),
  day_divider_pretty: pretty("long"),
  time: (date) => write.clock.format(date),
  time_secs: (date) => write.clockSeconds.format(date),
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
