/**
 * What every answer of the server says about the server itself: which one it is (epoch), how far it is (high_water), what is
 * safely backed up (backup_seq), what time it has. A server that went back in time is noticed here.
 *
 * @typedef {object} Known
 * @property {string | null} epoch
 * @property {number} high_water  greatest number seen in this epoch
 * @property {number} backup_seq
 * @property {number | null} clock_offset  ms to add to this phone's clock
 * @property {boolean} recheck  the server may lack what it once confirmed: offer everything again
 * @property {string} min_app
 */

const NAMES = /** @type {const} */ (["epoch", "high_water", "backup_seq", "clock_offset", "recheck", "min_app"]);
const CLOCK_CHANGE_MS = 2000;

/** @param {{meta: import("../store/meta.js").Meta}} phone */
export function createContact({ meta }) {
  return {
    /** @returns {Promise<Known>} */
    async known() {
      const [epoch, high_water, backup_seq, clock_offset, recheck, min_app] = await Promise.all(NAMES.map((name) => meta.get(name)));
      return {
        epoch: epoch ?? null, high_water: high_water ?? 0, backup_seq: backup_seq ?? 0,
        clock_offset: clock_offset ?? null, recheck: recheck ?? false, min_app: min_app ?? "",
      };
    },

    /**
     * Takes in an answer's facts; writes only what changed.
     *
     * @param {import("../core/http.js").Answer} answer
     * @param {Known} [asked]  what was known when it was asked for, where other answers were heard since
     * @returns {Promise<Known>}
     */
    async heard(answer, asked) {
      const before = await this.known();
      const { body, sent_at, received_at } = answer;
      const now = { ...before };
      if (typeof body?.server_time === "number") {
        const offset = Math.round(body.server_time - (sent_at + received_at) / 2);
        if (before.clock_offset === null || Math.abs(offset - before.clock_offset) > CLOCK_CHANGE_MS) now.clock_offset = offset;
      }
      if (typeof body?.epoch === "string") {
        const highWater = typeof body.high_water === "number" ? body.high_water : before.high_water;
        now.epoch = body.epoch;
        if (before.epoch !== null && body.epoch !== before.epoch) {
          now.recheck = true;
          now.high_water = highWater;
          now.backup_seq = 0;
        } else {
          // Below what was seen: restored without a new epoch. The greater number is sent until the server makes one.
          if (highWater < (asked ?? before).high_water) now.recheck = true;
          now.high_water = Math.max(highWater, before.high_water);
        }
        if (typeof body.backup_seq === "number") now.backup_seq = body.backup_seq;
      }
      if (typeof body?.min_app === "string") now.min_app = body.min_app;
      const changes = Object.fromEntries(NAMES.filter((name) => now[name] !== before[name]).map((name) => [name, now[name]]));
      if (Object.keys(changes).length) await meta.setAll(changes);
      return now;
    },

    /** Everything held was offered to this epoch. */
    rechecked: () => meta.set("recheck", false),
  };
}

/** @typedef {ReturnType<typeof createContact>} Contact */
