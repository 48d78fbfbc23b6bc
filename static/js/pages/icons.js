/** Line drawings of the phone page; words always stand beside them, so readers skip them. */
import { svg, html } from "../../vendor/lit-html/lit-html.js";

const DRAWINGS = {
  home: svg`<path d="M4 11 12 4l8 7v9h-5v-6H9v6H4z"/>`,
  people: svg`<circle cx="9" cy="8.5" r="3.7"/><path d="M2 20c0-4 3-6 7-6s7 2 7 6M16.5 5.2a3.7 3.7 0 0 1 0 6.8M18.5 14.6c2.2.9 3.5 2.7 3.5 5.4"/>`,
  send: svg`<path d="M12 20V5m-6.5 6.5L12 5l6.5 6.5"/>`,
  phone: svg`<rect x="7" y="2.5" width="10" height="19" rx="2.2"/><path d="M11 18.5h2"/>`,
  back: svg`<path d="M15 4.5 7.5 12l7.5 7.5"/>`,
  next: svg`<path d="m9 4.5 7.5 7.5L9 19.5"/>`,
  search: svg`<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>`,
  plus: svg`<path d="M12 5v14M5 12h14"/>`,
  tick: svg`<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
  bin: svg`<path d="M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13M10.5 11v5.5m3-5.5v5.5"/>`,
  alert: svg`<path d="M12 3.5 22 20.5H2z"/><path d="M12 10v4.5m0 2.6v.2"/>`,
  clock: svg`<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.3l3.3 2"/>`,
};

/** @param {keyof typeof DRAWINGS} name */
export function icon(name) {
  const mirrors = name === "back" || name === "next";
  return html`<svg class=${mirrors ? "icon mirrors" : "icon"} viewBox="0 0 24 24" aria-hidden="true" focusable="false">${DRAWINGS[name]}</svg>`;
}
