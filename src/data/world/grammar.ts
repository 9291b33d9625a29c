import type { Concept } from "./concepts.ts";

/** English for Emoji World: noun phrases, numbers, lists and relations with the right articles and plurals. */

/** What grammar needs to know of a concept; {@link Concept} has it. */
export type Noun = Pick<Concept, "name" | "plural" | "article" | "pluralVerb">;

/** Where one thing stands from another. */
export const RELATIONS = ["left", "right", "above", "below"] as const;
export type Relation = (typeof RELATIONS)[number];

export const OPPOSITE: Readonly<Record<Relation, Relation>> = {
  left: "right",
  right: "left",
  above: "below",
  below: "above",
};

/** "X … Y": prepositions that say where X stands from Y. */
export const RELATION_PHRASES: Readonly<Record<Relation, readonly string[]>> = {
  left: ["to the left of", "left of", "on the left of", "on the left side of"],
  right: ["to the right of", "right of", "on the right of", "on the right side of"],
  above: ["above", "over"],
  below: ["below", "under", "beneath"],
};

/** "… is X": the place in the picture, for pairs named one after the other. */
export const PLACE_PHRASES: Readonly<Record<Relation, readonly string[]>> = {
  left: ["on the left", "on the left side"],
  right: ["on the right", "on the right side"],
  above: ["at the top", "on top"],
  below: ["at the bottom", "below"],
};

const NUMBER_WORDS = [
  "zero",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
];

/** 0 to 12 in words, larger numbers in digits. */
export function numberWord(count: number): string {
  return NUMBER_WORDS[count] ?? String(count);
}

/** The number that a word or digits stand for, or null. */
export function parseNumber(word: string): number | null {
  const index = NUMBER_WORDS.indexOf(word.toLowerCase());
  if (index >= 0) return index;
  return /^\d+$/.test(word) ? Number(word) : null;
}

/** "an" before a vowel sound. */
export function indefiniteArticle(words: string): "a" | "an" {
  const word = words.toLowerCase();
  if (/^(hour|honest|heir)/.test(word)) return "an";
  // A leading "you" or "one" sound.
  if (/^(uni(?!n)|use|usu|uk|eu|ew|ufo|one\b|once)/.test(word)) return "a";
  return /^[aeiou]/.test(word) ? "an" : "a";
}

export function withArticle(words: string): string {
  return `${indefiniteArticle(words)} ${words}`;
}

function join(...words: readonly string[]): string {
  return words.filter((word) => word !== "").join(" ");
}

/** "pair of" for a noun with the article "a pair of", else nothing. */
function measure(noun: Noun): string {
  return noun.article.replace(/^an?\b ?/, "");
}

/** "an apple", "a big red apple", "a pair of red scissors". */
export function one(noun: Noun, adjectives = ""): string {
  return withArticle(bare(noun, adjectives));
}

/** "apple", "red apple", "pair of red scissors": no article. */
export function bare(noun: Noun, adjectives = ""): string {
  return join(measure(noun), adjectives, noun.name);
}

/** "apples", "red apples", "pairs of red scissors". */
export function many(noun: Noun, adjectives = ""): string {
  if (measure(noun) === "") return join(adjectives, noun.plural);
  return join(noun.plural.slice(0, -noun.name.length).trim(), adjectives, noun.name);
}

/** "the apple", "the red apple", "the scissors", "the red apples". */
export function the(noun: Noun, adjectives = "", count = 1): string {
  return join("the", count === 1 ? join(adjectives, noun.name) : many(noun, adjectives));
}

/** One as "a cat", more as "two cats" or, with digits, "2 cats". */
export function counted(count: number, noun: Noun, adjectives = "", digits = false): string {
  if (count === 1) return one(noun, adjectives);
  return join(digits ? String(count) : numberWord(count), many(noun, adjectives));
}

export function verb(noun: Noun, count = 1): "is" | "are" {
  return count !== 1 || noun.pluralVerb ? "are" : "is";
}

export function pronoun(noun: Noun, count = 1): "it" | "them" {
  return verb(noun, count) === "is" ? "it" : "them";
}

/** "it is" or "they are". */
export function subject(noun: Noun, count = 1): string {
  return verb(noun, count) === "is" ? "it is" : "they are";
}

/** "a", "a and b", "a, b and c". */
export function list(items: readonly string[], conjunction = "and"): string {
  if (items.length <= 1) return items[0] ?? "";
  return `${items.slice(0, -1).join(", ")} ${conjunction} ${items[items.length - 1]}`;
}

export function capitalise(text: string): string {
  const first = [...text][0] ?? "";
  return first.toUpperCase() + text.slice(first.length);
}

/** A sentence: capital first letter, a full stop unless it ends with punctuation. */
export function sentence(text: string): string {
  return /[.!?:]$/.test(text) ? capitalise(text) : `${capitalise(text)}.`;
}

/** "Here is a cat.": what a drawing is announced with. */
export function here(phrase: string, plural: boolean): string {
  return `Here ${plural ? "are" : "is"} ${phrase}.`;
}

/** How people type in a hurry: no capitals, no final stop or question mark. */
export function casual(text: string): string {
  return text.toLowerCase().replace(/[.?!]$/, "");
}

/** Replaces `{name}` by its words; `{Name}` capitalises them. Throws when a name is unknown. */
export function fill(template: string, words: Readonly<Record<string, string>>): string {
  return template.replace(/\{([A-Za-z]+)\}/g, (_, name: string) => {
    const exact = words[name];
    if (exact !== undefined) return exact;
    const lower = words[name.charAt(0).toLowerCase() + name.slice(1)];
    if (lower === undefined) throw new Error(`template "${template}": no words for {${name}}`);
    return capitalise(lower);
  });
}
