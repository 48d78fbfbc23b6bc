/** Web Locks: one tab sends. (Who edits a draft: form/session.js.) Where the browser has none, the transactions of the store still keep order. */

/**
 * Holds a lock until released, if it is free now.
 *
 * @param {string} name
 * @returns {Promise<{held: boolean, release: () => void}>}
 */
function holdLock(name) {
  if (!navigator.locks) return Promise.resolve({ held: true, release() {} });
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (!lock) return resolve({ held: false, release() {} });
        return new Promise((release) => resolve({ held: true, release: () => release(undefined) }));
      })
      .catch(reject);
  });
}

/** Runs alone, or not at all: null when another page is at it. @template T @param {string} name @param {() => Promise<T>} work @returns {Promise<T | null>} */
export async function alone(name, work) {
  const lock = await holdLock(name);
  if (!lock.held) return null;
  try {
    return await work();
  } finally {
    lock.release();
  }
}
