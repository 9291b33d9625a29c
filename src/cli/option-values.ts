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

/** `WIDTHxHEIGHT` in pixels, each side from `least` to `most`. */
export function sizeOption(flag: string, least: number, most: number): Parser<{ width: number; height: number }> {
  return (text) => {
    const match = /^(\d{1,9})[x×](\d{1,9})$/i.exec(text);
    const [width, height] = [Number(match?.[1]), Number(match?.[2])];
    expectInput(
      Math.min(width, height) >= least && Math.max(width, height) <= most,
      `${flag}: expected WIDTHxHEIGHT with sides from ${least} to ${most} pixels, found ${JSON.stringify(text)}`,
    );
    return { width, height };
  };
}
