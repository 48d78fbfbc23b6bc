/**
 * The group's page as a picture, to be sent on from the phone: drawn on a canvas, because a page cannot be photographed by a
 * script. The browser shapes Arabic and lays out mixed text; lines are broken here.
 *
 * @typedef {import("./sheet.js").Sheet} Sheet
 */

import { formatNumber, t } from "../core/i18n.js";
import { about, scoreWords, whoAndWhen } from "./room-words.js";
import { levelWords } from "./sheet.js";

const WIDTH = 1080;
const MARGIN = 64;
const INNER = WIDTH - 2 * MARGIN;
const INK = "#1c2421", SOFT = "#454f4a", LINE = "#e3dacb", BRAND = "#0d5c4a", PAPER = "#fbf7ef";
/** Of the level, 1 to 5; beside it stand its number and its name. */
const LEVELS = ["#a8221b", "#b4600b", "#6d5c00", "#2f6324", "#0d5c4a"];

/** @typedef {{size: number, weight?: number, colour?: string, indent?: number, end?: number, after?: number}} Look  end: room kept free at the end of the line, in pixels, like all of them */

/** Puts one thing below the other; drawn twice: once to know how high it becomes. */
class Column {
  /** @param {CanvasRenderingContext2D} ink @param {boolean} rtl */
  constructor(ink, rtl) {
    this.ink = ink;
    this.rtl = rtl;
    this.y = MARGIN;
    this.family = getComputedStyle(document.body).fontFamily;
  }

  /** @param {number} along  from the side where one begins to read */
  x(along) {
    return this.rtl ? WIDTH - MARGIN - along : MARGIN + along;
  }

  /** @param {Look} look */
  set({ size, weight = 400, colour = INK }) {
    Object.assign(this.ink, { font: `${weight} ${size}px ${this.family}`, fillStyle: colour, direction: this.rtl ? "rtl" : "ltr", textAlign: "start", textBaseline: "alphabetic" });
  }

  /** A paragraph. @param {string} text @param {Look} look */
  text(text, look) {
    const { size, indent = 0, end = 0, after = 0 } = look;
    if (!text) return;
    this.set(look);
    const room = INNER - indent - end;
    for (const line of broken(this.ink, text, room)) {
      this.y += size * 1.5;
      this.ink.fillText(line, this.x(indent), this.y - size * 0.45, room);
    }
    this.y += after;
  }

  /** A word at the end of the line that is still to come. @param {string} text @param {Look} look */
  atEnd(text, look) {
    this.set(look);
    this.ink.textAlign = "end";
    this.ink.fillText(text, this.x(INNER), this.y + look.size * 1.05);
  }

  /** @param {number} share  0–1 */
  bar(share) {
    for (const [colour, part] of /** @type {[string, number][]} */ ([[LINE, 1], [BRAND, share]])) {
      this.ink.fillStyle = colour;
      this.ink.fillRect(this.rtl ? WIDTH - MARGIN - INNER * part : MARGIN, this.y + 6, INNER * part, 16);
    }
    this.y += 40;
  }

  /** @param {string} text */
  title(text) {
    this.y += 28;
    this.ink.fillStyle = LINE;
    this.ink.fillRect(MARGIN, this.y, INNER, 3);
    this.y += 20;
    this.text(text, { size: 40, weight: 700, colour: BRAND, after: 8 });
  }
}

/** Lines no wider than `room`. @param {CanvasRenderingContext2D} ink @param {string} text @param {number} room */
function broken(ink, text, room) {
  /** @type {string[]} */
  const lines = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(/[ \t]+/)) {
      const longer = line ? `${line} ${word}` : word;
      if (line && ink.measureText(longer).width > room) {
        lines.push(line);
        line = word;
      } else line = longer;
    }
    lines.push(line);
  }
  return lines;
}

/** @param {Column} page @param {Sheet} sheet */
function fill(page, sheet) {
  page.text(sheet.name, { size: 56, weight: 700 });
  page.text(about(sheet), { size: 34, colour: SOFT, after: 16 });
  if (sheet.score !== null) {
    page.text(scoreWords(sheet), { size: 72, weight: 700, colour: LEVELS[(sheet.level ?? 5) - 1] });
    page.text(levelWords(sheet), { size: 48, weight: 700 });
  }
  page.text(sheet.cap, { size: 34, colour: SOFT });
  if (sheet.axes.length) page.title(t("Scores by axis"));
  for (const { label, score } of sheet.axes) {
    page.atEnd(score === null ? t("not enough answers") : formatNumber(score, 1), { size: score === null ? 30 : 40, weight: 700 });
    page.text(label, { size: 36, end: score === null ? 340 : 120 });
    page.bar((score ?? 0) / 100);
  }
  if (sheet.strengths.length) page.title(t("Our strengths"));
  for (const strength of sheet.strengths) page.text(`•  ${strength}`, { size: 38, after: 6 });
  if (sheet.agreed.length) page.title(t("What we agreed"));
  sheet.agreed.forEach((one, index) => {
    const top = page.y;
    page.text(one.text, { size: 38, weight: 600, indent: 64 });
    const bottom = page.y;
    page.y = top;
    page.text(String(index + 1), { size: 38, weight: 700, colour: BRAND });
    page.y = bottom;
    page.text(whoAndWhen(one), { size: 34, colour: SOFT, indent: 64, after: 16 });
  });
}

/** @param {Sheet} sheet @param {boolean} rtl @returns {HTMLCanvasElement} 1,080 pixels wide, as high as it needs */
export function drawnSheet(sheet, rtl) {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = 1;
  const ink = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const measured = new Column(ink, rtl);
  fill(measured, sheet);
  // A new height empties the canvas.
  canvas.height = Math.ceil(measured.y + MARGIN);
  ink.fillStyle = PAPER;
  ink.fillRect(0, 0, WIDTH, canvas.height);
  fill(new Column(ink, rtl), sheet);
  return canvas;
}

/** @param {Sheet} sheet @param {boolean} rtl @returns {Promise<File>} a PNG named after the group */
export async function pictureOf(sheet, rtl) {
  const canvas = drawnSheet(sheet, rtl);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Error("no picture");
  const name = sheet.name.replace(/[\\/:*?"<>|\s.]+/g, " ").trim().slice(0, 60) || "daftar";
  return new File([blob], `${name}.png`, { type: "image/png" });
}

/**
 * Offers the picture to the phone's other applications; where the browser cannot, puts it among the downloads.
 *
 * @param {File} file @returns {Promise<"shared" | "downloaded" | "left">} left: the person closed the list of applications
 */
export async function send(file) {
  if (navigator.canShare?.({ files: [file] })) {
    try {
      await navigator.share({ files: [file], title: file.name });
      return "shared";
    } catch (error) {
      if (/** @type {Error} */ (error).name === "AbortError") return "left";
      // Not allowed here (a frame, a policy): the download is left.
    }
  }
  const address = URL.createObjectURL(file);
  const link = Object.assign(document.createElement("a"), { href: address, download: file.name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
  return "downloaded";
}
