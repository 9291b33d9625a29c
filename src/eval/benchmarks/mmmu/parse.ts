import { parseFloatAsPython, roundHalfEven } from "../../python/number.ts";
import type { PythonRandom } from "../../python/random.ts";
import { digit, lengthOf, splitWords, strip, stripCharacter, wordBoundary } from "../../python/text.ts";

/** Texts of the options by their letters, in order. */
export type Options = ReadonlyMap<string, string>;

/** From so many words on, the text of an option is looked for. */
const FEW_WORDS = 5;

/**
 * The letter that a response chooses (`parse_multi_choice_response`): the last "(X)" in it, else the last " X ", else, in more than
 * five words, the last option's text; else one at random.
 * @param random one stream for all questions, seeded 42 in the official scorer
 */
export function parseChoice(response: string, options: Options, random: PythonRandom, protocol = "official"): string {
  let text = response;
  for (const mark of ",.!?;:'") text = stripCharacter(text, mark);
  text = ` ${text} `;
  const letters = [...options.keys()];
  for (const { shape, order } of protocol === "lmms_eval" ? lmmsEvalShapes : shapes) {
    const found = letters.filter((letter) => text.includes(shape(letter)));
    if (found.length > 0) return last(found, (letter) => text.lastIndexOf(order(letter)));
  }
  if (splitWords(text).length > FEW_WORDS) {
    const lower = text.toLowerCase();
    const found = [...options].filter(([, option]) => lower.includes(option.toLowerCase()));
    if (found.length > 0) return last(found, ([, option]) => lower.lastIndexOf(option.toLowerCase()))[0];
  }
  return random.choice(letters);
}

interface Shape {
  /** What to look for … */
  readonly shape: (letter: string) => string;
  /** … and what is compared where several letters are found. */
  readonly order: (letter: string) => string;
}
const inBrackets: Shape = { shape: (letter) => `(${letter})`, order: (letter) => `(${letter})` };
const alone = (letter: string) => ` ${letter} `;
const shapes: readonly Shape[] = [inBrackets, { shape: alone, order: alone }];
/** LMMs-Eval also finds a letter at the end of a word and before a period, but compares the places of " X ". */
const lmmsEvalShapes: readonly Shape[] = [
  inBrackets,
  { shape: (letter) => `${letter} `, order: alone },
  { shape: (letter) => `${letter}.`, order: alone },
];

/** The element whose place is the largest, the first of equals: `candidates[np.argmax(start_indexes)]`. */
function last<T>(candidates: readonly T[], place: (candidate: T) => number): T {
  return candidates.reduce((best, candidate) => (place(candidate) > place(best) ? candidate : best));
}

/** A text, or a number rounded to two digits. */
export type OpenAnswer = string | number;

/** `normalize_str`: a number where Python's `float` reads one, else lower-case text; one letter gets a space before or after it. */
export function normalise(text: string): OpenAnswer[] {
  const stripped = strip(text);
  const number = parseFloatAsPython(stripped.replaceAll(",", ""));
  if (number !== undefined) return [roundHalfEven(number, 2)];
  const lower = stripped.toLowerCase();
  return lengthOf(lower) === 1 ? [` ${lower}`, `${lower} `] : [lower];
}

const numberForms = [
  `-?${wordBoundary}[${digit}]{1,3}(?:,[${digit}]{3})+${wordBoundary}`,
  `-?[${digit}]+(?:\\.[${digit}]+)?[eE][+-]?[${digit}]+`,
  `-?(?:[${digit}]+\\.[${digit}]+|\\.[${digit}]+|[${digit}]+${wordBoundary})(?![eE][+-]?[${digit}]+)(?![,${digit}])`,
].map((source) => new RegExp(source, "gu"));

/** `extract_numbers`: with commas, in scientific notation, and plain ones. */
export function extractNumbers(text: string): string[] {
  return numberForms.flatMap((form) => text.match(form) ?? []);
}

const indicators = ["could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result "];
const trivial = new Set(":,.!?;'");

/** What a free response may answer (`parse_open_response`): the ends of its lines after such words as "is", and numbers in them. */
export function parseOpen(response: string): OpenAnswer[] {
  const keys = keyResponses(response);
  const parsed = [...keys, ...keys.flatMap(extractNumbers)].flatMap(normalise);
  return parsed.filter((answer, i) => parsed.slice(0, i).every((earlier) => earlier !== answer));
}

function keyResponses(response: string): string[] {
  const text = stripCharacter(strip(response), ".").toLowerCase();
  // The official expression also splits before capitals, which are lower-case by then.
  const lines = text.split("\n");
  const keys = lines.flatMap((line, i) => {
    const words = i === lines.length - 1 ? [...indicators, "="] : indicators;
    let shortest: string | undefined;
    for (const word of words) {
      if (!line.includes(word)) continue;
      const tail = strip(line.slice(line.lastIndexOf(word) + word.length));
      if (!shortest || lengthOf(tail) < lengthOf(shortest)) shortest = tail;
    }
    return shortest && !trivial.has(shortest) ? [shortest] : [];
  });
  return keys.length === 0 ? [text] : keys;
}

/** `eval_open`: whether a text of the parsed ones contains a right text, or a number equals a right number. */
export function matchesOpen(gold: string | readonly string[], parsed: readonly OpenAnswer[]): boolean {
  const right = [gold].flat().flatMap((text) => normalise(text));
  return parsed.some((answer) =>
    right.some((truth) =>
      typeof answer === "string" ? typeof truth === "string" && answer.includes(truth) : answer === truth,
    ),
  );
}
