// Shows times in the time zone of the browser, and numbers, in the language of the page.

const short = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" });
const long = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });

/** Write each `<time datetime>` below an element as a local time; with its date, unless that is today. */
export function localTimes(element) {
  const today = new Date().toDateString();
  for (const one of element.querySelectorAll("time[datetime]")) {
    const moment = new Date(one.dateTime);
    if (!Number.isNaN(moment.getTime())) {
      const written = (moment.toDateString() === today ? short : long).format(moment);
      if (one.textContent !== written) {
        one.textContent = written;
      }
    }
  }
}

/** Return a duration as the server writes it: 8 s, 12 min, 1 h 30 min. */
export function duration(seconds) {
  if (seconds < 100) {
    return `${Math.round(seconds)} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) {
    return `${minutes} min`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Return a number rounded to some decimals. */
export function decimal(value, digits) {
  const how = { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false };
  return new Intl.NumberFormat(document.documentElement.lang, how).format(value);
}

/** Return a size as the server writes it, in powers of 1000: 1.4 GB. */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; bytes >= 1000 && unit < 4; unit += 1) {
    bytes /= 1000;
  }
  return `${decimal(bytes, unit < 2 ? 0 : 1)} ${units[unit]}`;
}

/** Return a moment of a recording as the server writes it: 1:05, 1:01:05. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${two(whole % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}
