import { strip } from "./text.ts";

const number = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?$/;
const special = /^([+-]?)(?:(inf|infinity)|nan)$/i;

/**
 * `float(text)`, or undefined where Python raises ValueError. Unlike `Number`: digits of every script, `_` between digits, "inf" and
 * "nan" in any case; neither "0x10" nor "".
 */
export function parseFloatAsPython(text: string): number | undefined {
  const trimmed = strip(text).replaceAll(/\p{Nd}/gu, (digit) => String(digitValue(digit)));
  if (number.test(trimmed)) return Number(trimmed.replaceAll("_", ""));
  const match = special.exec(trimmed);
  if (match === null) return undefined;
  if (match[2] === undefined) return NaN;
  return match[1] === "-" ? -Infinity : Infinity;
}

/** Decimal digits come in runs of ten, and runs that touch begin at a multiple of ten from the first. */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0)!;
  let first = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--;
  return (code - first) % 10;
}

/** From here on every double is a whole number. */
const WHOLE = 2 ** 52;
/** Of `toFixed`, which is exact so far: enough to tell a tie from its neighbours. */
const MOST_DIGITS = 100;

/** `f"{value:.{digits}f}"`: exact ties go to the even digit, where `toFixed` goes up. */
export function formatFixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return String(value).toLowerCase().replace("infinity", "inf");
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const magnitude = Math.abs(value);
  const exact = magnitude.toFixed(MOST_DIGITS);
  const cut = exact.indexOf(".") + 1 + digits;
  const isTie = /^50*$/.test(exact.slice(cut));
  const below = digits === 0 ? exact.slice(0, cut - 1) : exact.slice(0, cut);
  const lastIsEven = /[02468]$/.test(below);
  return sign + (isTie && lastIsEven ? below : magnitude.toFixed(digits));
}

/** `f"{value:.{digits}%}"` */
export function formatPercent(value: number, digits: number): string {
  return `${formatFixed(value * 100, digits)}%`;
}

/** `round(value, digits)`: half to even, of the double's exact value. */
export function roundHalfEven(value: number, digits: number): number {
  if (!Number.isFinite(value) || Math.abs(value) >= WHOLE) return value;
  return Number(formatFixed(value, digits));
}

/** `repr(float)`: "1.0", "1e-07", "1e+16", "inf", "nan". */
export function reprFloat(value: number): string {
  if (!Number.isFinite(value)) return formatFixed(value, 0);
  if (Object.is(value, -0)) return "-0.0";
  const magnitude = Math.abs(value);
  // Python's limits of the plain form.
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e16))
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
