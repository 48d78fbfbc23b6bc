import { isProblemJson } from "./problem.js";

/**
 * Talking to our server and to nobody else. An answer counts only when the server signs it with `X-Sync-Proto` and, if it has a
 * body, declares JSON that parses. A captive portal's page, a proxy's error, a cut or a time-out are all `nothing`: they say
 * nothing about anybody's data.
 *
 * @typedef {{kind: "answer", status: number, body: any, text: string, headers: Headers, sent_at: number, received_at: number}} Answer
 * @typedef {{kind: "problem", status: number, problem: import("./problem.js").ProblemJson, headers: Headers}} Refusal
 * @typedef {{kind: "nothing", why: "network" | "timeout" | "not_ours", status: number}} Nothing
 *
 * @typedef {object} Ask
 * @property {"GET" | "POST" | "HEAD" | "PATCH"} [method]
 * @property {unknown} [json]  sent as JSON
 * @property {BodyInit} [body]  sent as it is
 * @property {Record<string, string>} [headers]
 * @property {string} [credential]  the device's, for delivering
 * @property {string} [session]  of who is only coming in, "" where a cookie holds it; absent: of who is here
 * @property {number} [timeout]  ms
 *
 * @typedef {(address: string, ask?: Ask) => Promise<Answer | Refusal | Nothing>} Http
 */

export const PROTO = 1;
const TIMEOUT = 60_000;
/** Of a request and its answer, about. */
const HEADERS = 900;

/**
 * @param {typeof fetch} fetch
 * @param {{app?: string, passed?: (bytes: number) => void, session?: () => string}} [about]  passed: what went over the network, about;
 *   session: what a person reads with, while her phone is unlocked
 * @returns {Http}
 */
export function createHttp(fetch, { app = "", passed = () => {}, session = () => "" } = {}) {
  return async (address, ask = {}) => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), ask.timeout ?? TIMEOUT);
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json, application/problem+json", "X-Sync-Proto": String(PROTO), ...ask.headers };
    if (app) headers["X-App"] = app;
    if (ask.json !== undefined) headers["Content-Type"] = "application/json";
    const token = ask.session ?? session();
    if (ask.credential) headers.Authorization = `Device ${ask.credential}`;
    else if (token) headers.Authorization = `Session ${token}`;
    const sentAt = Date.now();
    let status = 0;
    const body = ask.json === undefined ? ask.body : JSON.stringify(ask.json);
    passed(HEADERS + (body instanceof ArrayBuffer ? body.byteLength : typeof body === "string" ? body.length : 0));
    try {
      const response = await fetch(address, {
        method: ask.method ?? "GET",
        headers,
        body,
        // A redirect is a portal's or a proxy's; ours never does.
        redirect: "error",
        cache: "no-store",
        credentials: "same-origin",
        signal: stop.signal,
      });
      status = response.status;
      passed(Number(ask.method !== "HEAD" && response.headers.get("Content-Length")));
      if (response.headers.get("X-Sync-Proto") === null) return { kind: "nothing", why: "not_ours", status };
      const type = response.headers.get("Content-Type") ?? "";
      const text = status === 204 || ask.method === "HEAD" ? "" : await response.text();
      if (/^application\/problem\+json\b/.test(type)) {
        const problem = text ? JSON.parse(text) : null;
        if (isProblemJson(problem)) return { kind: "problem", status, problem, headers: response.headers };
        return ask.method === "HEAD" ? answer(null) : { kind: "nothing", why: "not_ours", status };
      }
      if (!text) return answer(null);
      if (!/^application\/json\b/.test(type)) return { kind: "nothing", why: "not_ours", status };
      return answer(JSON.parse(text));

      /** @param {any} body @returns {Answer} */
      function answer(body) {
        return { kind: "answer", status, body, text, headers: response.headers, sent_at: sentAt, received_at: Date.now() };
      }
    } catch (error) {
      if (error instanceof SyntaxError) return { kind: "nothing", why: "not_ours", status };
      return { kind: "nothing", why: stop.signal.aborted ? "timeout" : "network", status };
    } finally {
      clearTimeout(timer);
    }
  };
}
