/**
 * Records on a map of our own: outlines of provinces, a dot for each record, a larger one for those that stand at the centre of
 * their commune. Nothing is asked of anybody else's server.
 *
 * @typedef {{name: string, address: string}} Named
 * @typedef {Named & {place: string, lat: number, lon: number}} Point
 * @typedef {{place: string, lat: number, lon: number, records: Named[]}} Centre
 * @typedef {{points: Point[], centres: Centre[], provinces: {name: string, lat: number, lon: number}[]}} Drawn
 */

/** Leaflet as published: it makes itself a global. @type {any} */
const L = /** @type {any} */ (globalThis).L;

/** The whole country, where there is nothing to show. */
const COUNTRY = [[21, -17.2], [36, -1]];
const MOST_NAMED = 30;

/** What people wrote is never read as HTML, as Leaflet reads a string. @param {string} said */
const text = (said) => Object.assign(document.createElement("bdi"), { textContent: said });

/** @param {string} place @param {Named[]} records */
function popup(place, records) {
  const box = document.createElement("div");
  box.dir = "auto";
  const title = document.createElement("b");
  title.textContent = place;
  const list = document.createElement("ul");
  for (const { name, address } of records.slice(0, MOST_NAMED)) {
    const link = document.createElement("a");
    link.href = address;
    link.append(text(name));
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
  if (records.length > MOST_NAMED) list.append(Object.assign(document.createElement("li"), { textContent: `… (${records.length})` }));
  box.append(title, list);
  return box;
}

/** @param {HTMLElement} host @param {Drawn} drawn */
export async function draw(host, { points, centres, provinces }) {
  const colour = (/** @type {string} */ name) => getComputedStyle(host).getPropertyValue(name).trim();
  const map = L.map(host, { preferCanvas: true, minZoom: 5, maxZoom: 17, zoomSnap: 0.5 });
  map.attributionControl.setPrefix(false).addAttribution(host.dataset.source ?? "");
  for (const { place, lat, lon, records } of centres) {
    const radius = Math.min(8 + 2 * Math.sqrt(records.length), 24);
    L.circleMarker([lat, lon], { radius, color: colour("--accent-ink"), weight: 2, fillColor: colour("--accent-soft"), fillOpacity: 0.85 })
      .bindPopup(() => popup(place, records))
      .bindTooltip(() => text(`${place} · ${records.length}`))
      .addTo(map);
  }
  for (const point of points) {
    L.circleMarker([point.lat, point.lon], { radius: 7, color: colour("--card"), weight: 1.5, fillColor: colour("--brand"), fillOpacity: 1 })
      .bindPopup(() => popup(point.place, [point]))
      .bindTooltip(() => text(point.name))
      .addTo(map);
  }
  // Names of provinces, where there is room for them.
  const names = L.layerGroup(
    provinces.map(({ name, lat, lon }) => L.tooltip([lat, lon], { permanent: true, direction: "center", className: "map-name", interactive: false }).setContent(text(name))),
  );
  map.on("zoomend", () => (map.getZoom() >= 7.5 ? names.addTo(map) : names.remove()));
  const all = [...points, ...centres].map(({ lat, lon }) => [lat, lon]);
  map.fitBounds(all.length ? L.latLngBounds(all).pad(0.15) : COUNTRY, { maxZoom: 11, animate: false });
  host.dataset.drawn = String(points.length + centres.length);
  const answer = await fetch(host.dataset.outlines ?? "");
  /** @type {{code: string, lines: [number, number][][]}[]} */
  const outlines = answer.ok ? await answer.json() : [];
  for (const { lines } of outlines) {
    const turned = lines.map((line) => line.map(([lon, lat]) => [lat, lon]));
    L.polygon(turned, { color: colour("--ink-soft"), weight: 1, opacity: 0.6, fillColor: colour("--paper"), fillOpacity: 1, interactive: false })
      .addTo(map)
      .bringToBack();
  }
  host.dataset.outlined = String(outlines.length);
}

for (const host of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-outlines]"))) {
  const data = document.getElementById(`${host.id}-data`);
  if (data) draw(host, JSON.parse(data.textContent ?? "{}"));
}
