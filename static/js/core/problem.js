import { language } from "./i18n.js";

/**
 * What went wrong, by name, as the server sends it and as the phone keeps it: plain JSON, in both languages.
 *
 * @typedef {object} ProblemJson
 * @property {string} code  "submission.changed"; never renamed
 * @property {{ar?: string, fr?: string}} message  what happened and what to do next
 * @property {Record<string, unknown>} [details]
 */

/** A problem on its way through code that throws. */
export class Problem extends Error {
  /** @param {string} code @param {{ar?: string, fr?: string}} [message] @param {Record<string, unknown>} [details] */
  constructor(code, message = {}, details = {}) {
    super(code);
    this.name = "Problem";
    this.code = code;
    this.texts = message;
    this.details = details;
  }

  /** @returns {ProblemJson} */
  toJSON() {
    return { code: this.code, message: this.texts, details: this.details };
  }
}

/** Whether a parsed JSON body has the shape of a problem. @param {any} body @returns {body is ProblemJson} */
export function isProblemJson(body) {
  return typeof body === "object" && body !== null && typeof body.code === "string" && typeof body.message === "object" && body.message !== null;
}

/** The text of a problem in the current language, "" when it has none. @param {ProblemJson | null | undefined} problem */
export function problemText(problem) {
  const message = problem?.message ?? {};
  return (language() === "fr" ? message.fr || message.ar : message.ar || message.fr) ?? "";
}
