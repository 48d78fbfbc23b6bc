/**
 * Whether a value has the form its question's type asks for. What a page lets through by mistake, a paste or another
 * program's draft may bring is caught here.
 */
import { fractionOfDay, parseMoment } from "./xpath/dates.js";

const POINT = /^-?\d+(?:\.\d+)? -?\d+(?:\.\d+)?(?: -?\d+(?:\.\d+)?){0,2}$/;

/** @param {string} value */
function isPoint(value) {
  if (!POINT.test(value)) return false;
  const [lat, lng] = value.split(" ").map(Number);
  return Math.abs(lat) <= 90 && Math.abs(lng) <= 180;
}

/** @param {string} value @param {number} fewest @returns {string[] | null} */
function pointsIn(value, fewest) {
  const points = value.split(";").map((point) => point.trim()).filter(Boolean);
  return points.length >= fewest && points.every(isPoint) ? points : null;
}

/** @param {string} value */
function isShape(value) {
  const points = pointsIn(value, 4);
  return points !== null && points[0] === points[points.length - 1];
}

/** @type {Record<string, (value: string) => boolean>} */
const FORMS = {
  integer: (value) => /^-?\d+$/.test(value),
  decimal: (value) => /^-?(?:\d+(?:\.\d*)?|\.\d+)$/.test(value),
  range: (value) => /^-?(?:\d+(?:\.\d*)?|\.\d+)$/.test(value),
  date: (value) => value.length === 10 && !Number.isNaN(parseMoment(value, 0)),
  time: (value) => !Number.isNaN(fractionOfDay(value, 0)),
  dateTime: (value) => value.length > 10 && !Number.isNaN(parseMoment(value, 0)),
  geopoint: isPoint,
  geotrace: (value) => pointsIn(value, 2) !== null,
  geoshape: isShape,
};

/** @param {string} type @param {string} value not blank @returns {boolean} */
export function hasForm(type, value) {
  return FORMS[type]?.(value) ?? true;
}
