import { strip } from "../python/text.ts";

/** What BAGEL makes of an answer before it writes it: the first letter if it is an option, else an option whose text is in it. */
export function bagelOption(answer: string, options: ReadonlyMap<string, string>): string {
  const text = strip(answer);
  const characters = [...text];
  if (characters.length === 0) return "C";
  if (characters.length === 1) return text;
  if (options.has(characters[0]!)) return characters[0]!;
  for (const [letter, option] of options) if (text.includes(option)) return letter;
  return text;
}
