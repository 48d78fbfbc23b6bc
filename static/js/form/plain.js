/** A label without its marks, for titles, summaries and names read aloud. @param {string | undefined} text @returns {string} */
export function plain(text) {
  return (text ?? "").replace(/^#{1,6}\s+/gm, "").replace(/\*\*|__|<[^<>]*>/g, "").replace(/\[([^\]]+)\]\([^)]*\)/g, "$1").replace(/\s+/g, " ").trim();
}
