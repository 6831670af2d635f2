/** A date as databases print it: `2024-02-29`, `2024-02-29 13:45:07.123456+01`. */
const form = /^(\d{4,6})-(\d\d)-(\d\d)(?:([ T])(\d\d):(\d\d):(\d\d)(\.\d+)?([+-]\d\d(?::?\d\d){0,2})?)?$/;
const daySeconds = 86_400;

/**
 * The date moved by so many seconds (whole days for one without a time), in its own form. A fraction of a second is
 * replaced by `fraction`'s digits. What is no date of our time (`infinity`, `0044-03-15 BC`, `0000-00-00`) stays.
 * Undefined for what is no date at all.
 */
export function moveDate(text: string, seconds: number, fraction: string): string | undefined {
  if (/^-?infinity$| BC$|^0000-00-00/.test(text)) return text;
  const match = form.exec(text);
  if (!match) return undefined;
  const [, year, month, day, space, hour, minute, second, point = "", zone = ""] = match;
  const days = daysOf(Number(year), Number(month), Number(day));
  const time = Number(hour ?? 0) * 3600 + Number(minute ?? 0) * 60 + Number(second ?? 0);
  const moved =
    days * daySeconds + time + (space === undefined ? Math.round(seconds / daySeconds) * daySeconds : seconds);
  const date = formatDay(Math.floor(moved / daySeconds));
  if (space === undefined) return date;
  const rest = moved - Math.floor(moved / daySeconds) * daySeconds;
  const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map((part) => pad(part, 2)).join(":");
  const digits = point === "" ? "" : `.${fraction.slice(0, point.length - 1).padEnd(point.length - 1, "0")}`;
  return `${date}${space}${clock}${digits}${zone}`;
}

/** Days since 1 March of year 0 in the Gregorian calendar; a year counted from March has its odd day last. */
function daysOf(year: number, month: number, day: number): number {
  const years = month > 2 ? year : year - 1;
  const months = month > 2 ? month - 3 : month + 9;
  return leapless(years) + Math.floor((153 * months + 2) / 5) + day - 1;
}

/** Days until 1 March of that year. */
function leapless(years: number): number {
  return years * 365 + Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
}

function formatDay(days: number): string {
  let years = Math.floor(days / 365.2425);
  while (leapless(years) > days) years -= 1;
  while (leapless(years + 1) <= days) years += 1;
  const dayOfYear = days - leapless(years);
  const months = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * months + 2) / 5) + 1;
  const [year, month] = months < 10 ? [years, months + 3] : [years + 1, months - 9];
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

function pad(value: number, length: number): string {
  return String(value).padStart(length, "0");
}
