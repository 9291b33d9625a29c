import { numberWord, parseNumber } from "./grammar.ts";

const FILLER = new Set(["a", "an", "the", "it", "is", "are", "there", "this", "that", "they", "on", "in", "at"]);

/**
 * An answer reduced to what is right or wrong about it: lower case, no punctuation, articles or filler, numbers as
 * words, and a sentence that opens with yes or no cut to that word. "There are 3 apples." becomes "three apples".
 */
export function normaliseAnswer(answer: string): string {
  const words = answer
    .toLowerCase()
    .replaceAll("color", "colour")
    .replace(/[^\p{L}\p{N}\s-]/gu, " ")
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => {
      const number = parseNumber(word);
      return number === null ? word : numberWord(number);
    });
  if (words[0] === "yes" || words[0] === "no") return words[0];
  const content = words.filter((word) => !FILLER.has(word));
  // An option's letter may be an article: "A" is the whole answer then.
  return (content.length > 0 ? content : words).join(" ");
}

/** Whether a given answer says the same as the expected one, in any case, with or without articles and full stops. */
export function answersEqual(expected: string, given: string): boolean {
  const [want, have] = [normaliseAnswer(expected), normaliseAnswer(given)];
  if (want === have) return true;
  // A bare number answers "how many" even when the noun is repeated.
  const [first] = have.split(" ");
  return parseNumber(want) !== null && first === want;
}
