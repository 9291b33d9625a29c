import { expectInput } from "../core/errors.ts";

/** Parsers of option values. Each throws `InputError` naming the option, what it takes and what was found. */
type Parser<T> = (text: string) => T;

export function integerOption(flag: string, least: number, most: number): Parser<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    expectInput(
      value >= least && value <= most,
      `${flag}: expected a whole number from ${least} to ${most}, found ${JSON.stringify(text)}`,
    );
    return value;
  };
}

export function numberOption(flag: string, least: number, most: number): Parser<number> {
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    expectInput(
      value >= least && value <= most,
      `${flag}: expected a number from ${least} to ${most}, found ${JSON.stringify(text)}`,
    );
    return value;
  };
}

export function choiceOption<T extends string>(flag: string, choices: readonly T[]): Parser<T> {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text);
    expectInput(choice !== undefined, `${flag}: expected ${choices.join(", ")}, found ${JSON.stringify(text)}`);
    return choice;
  };
}

/** `WIDTHxHEIGHT` in pixels, each side from `least` to `most`, or a shape such as `16:9`. */
export function sizeOption(
  flag: string,
  least: number,
  most: number,
): Parser<{ size: { width: number; height: number } } | { aspect: string }> {
  return (text) => {
    if (/^[1-9]\d?:[1-9]\d?$/.test(text)) return { aspect: text };
    const match = /^(\d{1,9})[x×](\d{1,9})$/i.exec(text);
    const [width, height] = [Number(match?.[1]), Number(match?.[2])];
    expectInput(
      Math.min(width, height) >= least && Math.max(width, height) <= most,
      `${flag}: expected WIDTHxHEIGHT with sides from ${least} to ${most} pixels, or a shape such as 4:3, ` +
        `found ${JSON.stringify(text)}`,
    );
    return { size: { width, height } };
  };
}

/** `FROM:TO`, two numbers of [0, 1] in ascending order. */
export function intervalOption(flag: string): Parser<[number, number]> {
  return (text) => {
    const ends = text.split(":").map((end) => (end.trim() === "" ? NaN : Number(end)));
    const [from = NaN, to = NaN] = ends;
    expectInput(
      ends.length === 2 && from >= 0 && from <= to && to <= 1,
      `${flag}: expected FROM:TO with 0 ≤ FROM ≤ TO ≤ 1, as in 0.4:1, found ${JSON.stringify(text)}`,
    );
    return [from, to];
  };
}
