/**
 * Python's string methods where JavaScript's differ. Official scorers are written in Python, and their numbers depend on
 * these differences.
 */

/** What `str.isspace` accepts: unlike `\s`, with U+001C to U+001F and U+0085, and without U+FEFF. */
const space = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const leading = new RegExp(`^[${space}]+`, "u");
const trailing = new RegExp(`[${space}]+$`, "u");
const runs = new RegExp(`[${space}]+`, "u");

/** `str.strip()`. */
export function strip(text: string): string {
  return text.replace(leading, "").replace(trailing, "");
}

/** `str.strip(character)`: takes away every copy at both ends. */
export function stripCharacter(text: string, character: string): string {
  let start = 0;
  while (start < text.length && text[start] === character) start++;
  return rstripCharacter(text.slice(start), character);
}

/** `str.rstrip(character)`. */
export function rstripCharacter(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end--;
  return text.slice(0, end);
}

/** `str.split()`: at runs of white space, without empty words. (`str.split(" ")` is JavaScript's.) */
export function splitWords(text: string): string[] {
  return text.split(runs).filter((word) => word !== "");
}

/** `len(str)`: in code points. */
export function lengthOf(text: string): number {
  return [...text].length;
}

/** `open(…).readlines()`: every line keeps its "\n", and "\r\n" and "\r" are read as "\n". */
export function readLines(text: string): string[] {
  return text.replaceAll(/\r\n?/g, "\n").match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** A regular expression's `\w`, in source form for use inside of brackets: letters and all numerals, also "²" and "½". */
const word = "\\p{L}\\p{N}_";
/** A regular expression's `\b`. */
export const wordBoundary = `(?:(?<=[${word}])(?![${word}])|(?<![${word}])(?=[${word}]))`;
/** A regular expression's `\d`: decimal digits of every script. */
export const digit = "\\p{Nd}";
