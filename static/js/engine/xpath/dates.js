/**
 * Dates as XForms write them, by calendar arithmetic: neither Intl nor the host's time zone is used, so that phone and
 * server agree. `offset` is minutes east of UTC. One offset serves a whole evaluation, also for dates of another season:
 * the difference of two dates must be whole days, and the server knows only the phone's offset of that day.
 */

const DAY_MS = 86400000;
const MOMENT = /^(-?\d{4,})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/;
const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** @param {number} value @param {number} [width] */
const pad = (value, width = 2) => String(value).padStart(width, "0");

/** Days since 1970-01-01 of a date of the Gregorian calendar. @param {number} year @param {number} month @param {number} day */
export function daysOf(year, month, day) {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const ofEra = shifted - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719468;
}

/** @param {number} days since 1970-01-01 @returns {[number, number, number]} year, month, day */
export function dateOf(days) {
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const ofEra = shifted - era * 146097;
  const year = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36524) - Math.floor(ofEra / 146096)) / 365);
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return [year + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1];
}

/** @param {number} year @param {number} month */
function daysInMonth(year, month) {
  return month === 12 ? 31 : daysOf(year, month + 1, 1) - daysOf(year, month, 1);
}

/** Minutes east of UTC of a zone as written; NaN when impossible. @param {string | undefined} zone @param {number} offset */
function zoneMinutes(zone, offset) {
  if (zone === undefined) return offset;
  if (zone === "Z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", "") || "0");
  if (hours > 14 || minutes > 59) return NaN;
  return (zone[0] === "-" ? -1 : 1) * (hours * 60 + minutes);
}

/** @param {string | undefined} digits */
const millis = (digits) => (digits ? Number(`${digits}000`.slice(0, 3)) : 0);

/**
 * The moment a date or dateTime names; a date is the start of that day on this phone.
 * @param {string} text @param {number} offset @returns {number} ms since 1970, NaN when it is neither
 */
export function parseMoment(text, offset) {
  // The common case, a word that is no date, must cost nothing.
  if (text.length < 10) return NaN;
  const found = MOMENT.exec(text);
  if (!found) return NaN;
  const year = Number(found[1]);
  const month = Number(found[2]);
  const day = Number(found[3]);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return NaN;
  const hours = Number(found[4] ?? 0);
  const minutes = Number(found[5] ?? 0);
  const seconds = Number(found[6] ?? 0);
  if (hours > 23 || minutes > 59 || seconds > 59) return NaN;
  const zone = zoneMinutes(found[8], offset);
  return daysOf(year, month, day) * DAY_MS + ((hours * 60 + minutes - zone) * 60 + seconds) * 1000 + millis(found[7]);
}

/** Days since 1970-01-01 UTC, as number() gives of a date. @param {string} text @param {number} offset */
export function daysSinceEpoch(text, offset) {
  return parseMoment(text, offset) / DAY_MS;
}

/** A time of day as a fraction of a day on this phone, NaN when it is none. @param {string} text @param {number} offset */
export function fractionOfDay(text, offset) {
  const found = TIME.exec(text);
  if (!found) return NaN;
  const hours = Number(found[1]);
  const minutes = Number(found[2]);
  const seconds = Number(found[3] ?? 0);
  if (hours > 23 || minutes > 59 || seconds > 59) return NaN;
  const zone = zoneMinutes(found[5], offset);
  const ms = ((hours * 60 + minutes - zone + offset) * 60 + seconds) * 1000 + millis(found[4]);
  return (((ms % DAY_MS) + DAY_MS) % DAY_MS) / DAY_MS;
}

/** @param {string} text */
export const isTime = (text) => TIME.test(text);

/** @typedef {{year: number, month: number, day: number, weekday: number, hours: number, minutes: number, seconds: number, ms: number}} Clock */

/** What calendar and clock on this phone show. @param {number} ms @param {number} offset @returns {Clock} */
export function clockAt(ms, offset) {
  const local = Math.round(ms) + offset * 60000;
  const days = Math.floor(local / DAY_MS);
  const rest = local - days * DAY_MS;
  const [year, month, day] = dateOf(days);
  return {
    year,
    month,
    day,
    weekday: (((days + 4) % 7) + 7) % 7,
    hours: Math.floor(rest / 3600000),
    minutes: Math.floor(rest / 60000) % 60,
    seconds: Math.floor(rest / 1000) % 60,
    ms: rest % 1000,
  };
}

/** "2026-11-21". @param {number} ms @param {number} offset */
export function isoDate(ms, offset) {
  const at = clockAt(ms, offset);
  return `${pad(at.year, 4)}-${pad(at.month)}-${pad(at.day)}`;
}

/** "14:30:00.000+01:00". @param {number} ms @param {number} offset */
export function isoTime(ms, offset) {
  const at = clockAt(ms, offset);
  const size = Math.abs(offset);
  const zone = `${offset < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
  return `${pad(at.hours)}:${pad(at.minutes)}:${pad(at.seconds)}.${pad(at.ms, 3)}${zone}`;
}

/** "2026-11-21T14:30:00.000+01:00". @param {number} ms @param {number} offset */
export const isoDateTime = (ms, offset) => `${isoDate(ms, offset)}T${isoTime(ms, offset)}`;

/** Moroccan Arabic months have no short form; a weekday is shown whole for the same reason. @type {Record<string, {months: string[], days: string[]}>} */
const NAMES = {
  ar: {
    months: ["يناير", "فبراير", "مارس", "أبريل", "ماي", "يونيو", "يوليوز", "غشت", "شتنبر", "أكتوبر", "نونبر", "دجنبر"],
    days: ["الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"],
  },
  fr: {
    months: ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    days: ["dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."],
  },
  en: {
    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    days: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
  },
};

/**
 * format-date() and format-date-time().
 * @param {number} ms @param {number} offset @param {string} pattern @param {string} language
 */
export function formatMoment(ms, offset, pattern, language) {
  const at = clockAt(ms, offset);
  const names = NAMES[language.slice(0, 2)] ?? NAMES.en;
  return pattern.replace(/%([%YymnbdeaHhMS3])/g, (_, code) => {
    switch (code) {
      case "Y": return pad(at.year, 4);
      case "y": return pad(at.year % 100);
      case "m": return pad(at.month);
      case "n": return String(at.month);
      case "b": return names.months[at.month - 1];
      case "d": return pad(at.day);
      case "e": return String(at.day);
      case "a": return names.days[at.weekday];
      case "H": return pad(at.hours);
      case "h": return String(at.hours);
      case "M": return pad(at.minutes);
      case "S": return pad(at.seconds);
      case "3": return pad(at.ms, 3);
      default: return "%";
    }
  });
}
