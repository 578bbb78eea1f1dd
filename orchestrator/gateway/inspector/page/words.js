/* Numbers, times and names, in words. */

const HOUR = 3600;

const grouped = new Intl.NumberFormat("en");
const clockTime = new Intl.DateTimeFormat([], {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const minuteTime = new Intl.DateTimeFormat([], {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

const at = (seconds) => clockTime.format(new Date(seconds * 1000));
const minuteAt = (seconds) => minuteTime.format(new Date(seconds * 1000));
const number = (value) => grouped.format(value);
const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
const percent = (part, whole) => `${Math.round((100 * part) / whole)} %`;

function took(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  return span(seconds);
}

function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < HOUR)
    return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`;
  if (whole < 48 * HOUR)
    return `${Math.floor(whole / HOUR)} h ${Math.floor((whole % HOUR) / 60)} min`;
  return `${Math.floor(whole / (24 * HOUR))} d`;
}

const rough = (seconds) =>
  seconds < 600
    ? span(seconds)
    : seconds < HOUR
      ? `${Math.round(seconds / 60)} min`
      : span(seconds);

function ago(seconds) {
  if (seconds < 5) return "just now";
  return `${seconds < 60 ? span(seconds) : seconds < HOUR ? `${Math.floor(seconds / 60)} min` : span(seconds)} ago`;
}

const words = (name) => String(name).replaceAll("_", " ");
const short = (call) => call.slice(0, 8);
