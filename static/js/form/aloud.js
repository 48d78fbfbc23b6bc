/** The phone's own voice, where it has one for the language: for a group of which few read. */

/** How long a browser may take to say which voices there are, in ms. */
const PATIENCE = 1500;
const CODES = { ar: ["ar", "ara"], fr: ["fr", "fra", "fre"] };

/**
 * The voice of a language that can speak now; null when there is none. Voices that a server makes need network.
 *
 * @param {"ar" | "fr"} language @returns {Promise<SpeechSynthesisVoice | null>}
 */
export async function voiceOf(language) {
  const synthesis = globalThis.speechSynthesis;
  if (!synthesis) return null;
  if (!synthesis.getVoices().length) {
    await new Promise((resolve) => {
      synthesis.addEventListener?.("voiceschanged", resolve, { once: true });
      setTimeout(resolve, PATIENCE);
    });
  }
  const known = synthesis.getVoices().filter(({ lang }) => CODES[language].includes(lang.toLowerCase().split(/[-_]/)[0]));
  return known.find((voice) => voice.localService) ?? (navigator.onLine ? known[0] : undefined) ?? null;
}

/**
 * @param {string[]} sentences @param {SpeechSynthesisVoice} voice @param {() => void} ended  when all was said, or the voice broke off
 * @returns {() => void} falls silent
 */
export function speak(sentences, voice, ended) {
  let over = false;
  const end = () => {
    if (over) return;
    over = true;
    speechSynthesis.cancel();
    ended();
  };
  speechSynthesis.cancel();
  sentences.forEach((text, index) => {
    const said = new SpeechSynthesisUtterance(text);
    Object.assign(said, { voice, lang: voice.lang, rate: 0.9, onerror: end, onend: index === sentences.length - 1 ? end : null });
    speechSynthesis.speak(said);
  });
  return end;
}
