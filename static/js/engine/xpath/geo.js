/** Areas and distances on a sphere as wide as the equator, as the ODK XForms specification asks. */

const RADIUS_M = 6378100;

/** @typedef {{lat: number, lng: number}} Point */

/** @param {number} degrees */
const radians = (degrees) => (degrees * Math.PI) / 180;

/** @param {string} text "33.05 -4.05 980 12" @returns {Point | null} */
function pointOf(text) {
  const [lat, lng] = text.trim().split(/\s+/).map(Number);
  const isValid = Math.abs(lat) <= 90 && Math.abs(lng) <= 180;
  return isValid ? { lat, lng } : null;
}

/**
 * The points of several geopoints, or of one trace or shape.
 * @param {string[]} texts @returns {Point[] | null} null when one is not a point
 */
export function pointsOf(texts) {
  const all = texts.flatMap((text) => text.split(";")).filter((text) => text.trim() !== "");
  const points = all.map(pointOf);
  return points.every((point) => point !== null) ? /** @type {Point[]} */ (points) : null;
}

/** @param {Point} a @param {Point} b */
function between(a, b) {
  const lat = Math.sin(radians(b.lat - a.lat) / 2);
  const lng = Math.sin(radians(b.lng - a.lng) / 2);
  const h = lat * lat + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * lng * lng;
  return 2 * RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** @param {number} value */
const toCentimetre = (value) => Math.round(value * 100) / 100;

/** Metres along the points. @param {Point[] | null} points */
export function distanceOf(points) {
  if (!points) return NaN;
  return toCentimetre(points.slice(1).reduce((total, point, i) => total + between(points[i], point), 0));
}

/** Square metres inside the points of several geopoints or of one shape. @param {string[]} texts */
export function areaOf(texts) {
  if (texts.flatMap((text) => text.split(";")).length < 3) return 0;
  const points = pointsOf(texts);
  if (!points) return NaN;
  const sum = points.reduce((total, a, i) => {
    const b = points[(i + 1) % points.length];
    return total + radians(b.lng - a.lng) * (2 + Math.sin(radians(a.lat)) + Math.sin(radians(b.lat)));
  }, 0);
  return toCentimetre(Math.abs((sum * RADIUS_M * RADIUS_M) / 2));
}

/** Whether a point lies in a shape; its border counts as inside. @param {string} point @param {string} shape */
export function isWithin(point, shape) {
  const at = pointOf(point);
  const corners = pointsOf([shape]);
  if (!at || !corners || corners.length < 4) return false;
  const last = corners[corners.length - 1];
  // A shape ends where it begins; a trace has no inside.
  if (last.lat !== corners[0].lat || last.lng !== corners[0].lng) return false;
  let inside = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i, i += 1) {
    const a = corners[i];
    const b = corners[j];
    const cross = (at.lng - a.lng) * (b.lat - a.lat) - (at.lat - a.lat) * (b.lng - a.lng);
    const spans = (at.lat - a.lat) * (at.lat - b.lat) <= 0 && (at.lng - a.lng) * (at.lng - b.lng) <= 0;
    if (cross === 0 && spans) return true;
    const crosses = a.lat > at.lat !== b.lat > at.lat;
    if (crosses && at.lng < ((b.lng - a.lng) * (at.lat - a.lat)) / (b.lat - a.lat) + a.lng) inside = !inside;
  }
  return inside;
}
