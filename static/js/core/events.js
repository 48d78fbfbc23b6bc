/**
 * A list of listeners. One that fails does not keep the others from hearing.
 *
 * @template T
 * @returns {{on(listener: (value: T) => void): () => void, emit(value: T): void}}
 */
export function createEmitter() {
  /** @type {Set<(value: T) => void>} */
  const listeners = new Set();
  return {
    /** Returns the function that ends the listening. */
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit(value) {
      for (const listener of [...listeners]) {
        try {
          listener(value);
        } catch (error) {
          reportError(error);
        }
      }
    },
  };
}

/** Shows a failure in the console and to window's error listeners without stopping the caller. @param {unknown} error */
export function reportError(error) {
  setTimeout(() => {
    throw error;
  });
}
