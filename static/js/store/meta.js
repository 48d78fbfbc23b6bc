/** Facts of this phone by name: who is signed in, the device's credential, what the server last said. */

/** @param {import("./keep.js").Keep} keep */
export function createMeta(keep) {
  /** @type {Map<string, unknown> | null} */
  let early = null;
  return {
    /** @param {string} name @returns {Promise<any>} undefined when it was never set */
    get: async (name) => (early ? early.get(name) : keep.read("meta", async (tx) => (await tx.get("meta", name))?.value)),

    /** What get() gives without asking the store again, while a page opens; null: from now on it asks. @param {{name: string, value: unknown}[] | null} rows  all of them */
    atHand(rows) {
      early = rows && new Map(rows.map(({ name, value }) => [name, value]));
    },

    /** @param {string} name @param {unknown} value */
    set: (name, value) => keep.write("meta", async (tx) => tx.put("meta", { name, value })),

    /**
     * Reads and writes in one transaction.
     *
     * @template T @param {string} name @param {(value: T | undefined) => T} next
     */
    change: (name, next) =>
      keep.write("meta", async (tx) => {
        const value = next((await tx.get("meta", name))?.value);
        tx.put("meta", { name, value });
        return value;
      }),

    /** Several at once, in one transaction. @param {Record<string, unknown>} values */
    setAll: (values) =>
      keep.write("meta", async (tx) => {
        for (const [name, value] of Object.entries(values)) tx.put("meta", { name, value });
      }),
  };
}

/** @typedef {ReturnType<typeof createMeta>} Meta */
