/**
 * What happened while a form was filled, kept with the draft and sent as a file: the client audit log of the ODK specification.
 * Pages are "group questions", with "question" for each answer that changed on them. Times are ms since 1970.
 *
 * @typedef {[event: string, node: string, start: number, end: number | "", before: string, after: string]} Line
 * @typedef {NonNullable<ReturnType<typeof auditLog>>} AuditLog
 */

/** A log longer than that says no more. */
const MOST = 10_000;
/** Where the log's own name stands. */
const OWN = "meta/audit";
const HEAD = ["event", "node", "start", "end", "old-value", "new-value"];

/**
 * @param {any} pkg @param {{audit?: Line[], updated_at: string}} draft  its lines are added to `audit`
 * @returns null: the form asks for no log
 */
export function auditLog(pkg, draft) {
  const node = pkg.nodes.find((/** @type {any} */ { type }) => type === "audit");
  if (!node) return null;
  const lines = (draft.audit ??= []);
  /** @type {Line | null} the page in view */
  let page = null;
  /** @type {Map<string, Line>} answers that changed on it, by path */
  const changed = new Map();

  /** @param {string} event @param {string} [path] @param {number} [start] @returns {Line} */
  function note(event, path, start = Date.now()) {
    /** @type {Line} */
    const line = [event, path === undefined ? "" : `/data${path && `/${path}`}`, start, "", "", ""];
    if (lines.length < MOST) lines.push(line);
    return line;
  }

  function leave() {
    if (page) page[3] = Date.now();
    page = null;
    changed.clear();
  }

  if (lines.length) {
    // Nobody said goodbye: the page ended with what was kept last.
    const end = Date.parse(draft.updated_at);
    for (const line of lines) if (line[3] === "" && /^(group|end)/.test(line[0])) line[3] = end;
    note("form exit", undefined, end);
    note("form resume");
  } else note("form start");

  return {
    /** The person looks at a page. @param {{section: string, row: string}} place */
    at({ section, row }) {
      const isEnd = section === "@end";
      const event = isEnd ? "end screen" : "group questions";
      const path = section.startsWith("@") ? "" : row || section;
      if (page && page[0] === event && page[1] === `/data${path && `/${path}`}`) return;
      leave();
      page = note(event, isEnd ? undefined : path);
    },
    /** @param {string} path @param {string} before @param {string} after */
    changed(path, before, after) {
      if (path === OWN) return;
      const line = changed.get(path) ?? note("question", path);
      if (!changed.has(path)) line[4] = before;
      changed.set(path, line);
      line[3] = Date.now();
      line[5] = after;
    },
    /** Something happened at a moment. @param {string} event @param {string} [path] */
    did(event, path) {
      note(event, path);
    },
    /** Keeps the log as a file of the form. @param {import("./session.js").Session} session @param {string} user */
    async finish(session, user) {
      leave();
      note("form finalize");
      const { "track-changes": tracks, "identify-user": names } = node.parameters ?? {};
      const width = tracks === "true" ? 6 : 4;
      const more = (/** @type {string} */ word) => (names === "true" ? [word] : []);
      const table = [[...HEAD.slice(0, width), ...more("user")], ...lines.map((line) => [...line.slice(0, width), ...more(user)])];
      const text = table.map((cells) => cells.map(cell).join(",")).join("\n");
      await session.attach(OWN, { bytes: new TextEncoder().encode(`${text}\n`).buffer, type: "text/csv", extension: "csv" });
    },
  };
}

/** @param {string | number} value */
function cell(value) {
  const text = String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
