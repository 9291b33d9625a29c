import { CONCEPTS } from "../../data/world/concepts.ts";

/** Every name, synonym and plural as its words, the longest first, so that a palm tree is no tree. */
const NAMES = CONCEPTS.flatMap(({ name, plural, synonyms }) =>
  [name, plural, ...synonyms, ...synonyms.map((synonym) => `${synonym}s`)].map((words) => ({
    concept: name,
    words: wordsOf(words),
  })),
).sort((a, b) => b.words.length - a.words.length);

/** The concepts that a text names, in words of the concept table, synonyms and plurals included. */
export function conceptsNamedIn(text: string): Set<string> {
  const words = wordsOf(text);
  const found = new Set<string>();
  for (let at = 0; at < words.length;) {
    const name = NAMES.find((candidate) => candidate.words.every((word, i) => words[at + i] === word));
    if (name) found.add(name.concept);
    at += name ? name.words.length : 1;
  }
  return found;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
