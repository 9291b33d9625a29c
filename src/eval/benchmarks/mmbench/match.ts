import { lengthOf, splitWords } from "../../python/text.ts";

/** Options by their letters, in order. */
export type Options = ReadonlyMap<string, string>;

/** An option's letter, "Z" for an answer that declines, or null where it cannot be told. */
type Match = string | null;

const API_FAILED = "Failed to obtain answer via API";
const refusals = [
  "Sorry, I can't help with images of people yet.",
  "I can't process this file.",
  "I'm sorry, but without the image provided",
  "Cannot determine the answer",
];
const punctuation = /[.()[\],:;!*#{}]/g;
const verbose = /(?:correct\s+)?answer\s+is\s+\**([ABCD])\**/i;
/** A letter must stand among so many last words: "A" at the beginning of a sentence is an article. */
const LAST_WORDS = 5;

/** VLMEvalKit's `can_infer`: an option's letter in the answer, else an option's text. */
export function inferOption(answer: string, options: Options): Match {
  return inferLetter(answer, options) ?? inferText(answer, options, lengthLimit(options));
}

/** `can_infer_option`. */
export function inferLetter(answer: string, options: Options): Match {
  if (answer.includes(API_FAILED)) return null;
  if (refusals.some((refusal) => answer.includes(refusal))) return "Z";
  const words = splitWords(answer.replaceAll(punctuation, " "));
  const named = [...options.keys()].filter((letter) => words.includes(letter));
  if (named.length === 1 && words.indexOf(named[0]!) > words.length - LAST_WORDS) return named[0]!;
  if (named.length === 0 && words.includes("Z")) return "Z";
  const letter = verbose.exec(answer)?.[1]?.toUpperCase();
  return letter !== undefined && options.has(letter) ? letter : null;
}

/** `can_infer_text`: the only option whose text is in the answer, unless the answer is longer than `limit`. */
export function inferText(answer: string, options: Options, limit: number): Match {
  const text = answer.toLowerCase();
  if (lengthOf(text) > limit) return null;
  const found = [...options].filter(([, option]) => text.includes(option.toLowerCase()));
  return found.length === 1 ? found[0]![0] : null;
}

/** Answers that are longer than all options twice talk about them. */
export function lengthLimit(options: Options): number {
  return 2 * [...options.values()].reduce((sum, option) => sum + lengthOf(option), 0);
}

/** Before and after a letter, as one word, in the order in which LMMs-Eval tries them. */
const wrappings = [
  ["", "."],
  ["", ","],
  ["", ":"],
  ["", ")"],
  ["", ")."],
  ["(", ")"],
  ["(", ")."],
  [":", ""],
  [":", ","],
  [":", "."],
  [":", ")"],
  [":", ")."],
] as const;
const lmmsEvalLetters = [..."ABCDE"];
/** Beyond so many words LMMs-Eval takes an "A" for an article. */
const FEW_WORDS = 3;

/** LMMs-Eval's `can_infer`. */
export function lmmsEvalInferOption(answer: string, options: Options): Match {
  return lmmsEvalInferLetter(answer) ?? inferText(answer, options, Infinity);
}

function lmmsEvalInferLetter(answer: string): Match {
  if (answer.includes(API_FAILED)) return null;
  const words = splitWords(answer);
  const only = (before: string, after: string): Match => {
    const named = lmmsEvalLetters.filter((letter) => words.includes(before + letter + after));
    return named.length === 1 ? named[0]! : null;
  };
  const bare = only("", "");
  const mayBeArticle = words.includes("A") && words.length > FEW_WORDS;
  if (bare !== null && !mayBeArticle) return bare;
  for (const [before, after] of wrappings) {
    const letter = only(before, after);
    if (letter !== null) return letter;
  }
  return null;
}
