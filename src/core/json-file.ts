import { readFile, stat } from "node:fs/promises";
import { InputError } from "./errors.ts";

/**
 * Bounds that any real file keeps by far (the largest, tokenizers, have half a million values) and that keep a hostile one from filling
 * the memory, or from nesting so deep that code which follows it overflows the stack.
 */
export const jsonLimits = { bytes: 2 ** 26, values: 2 ** 22, depth: 100 } as const;

/**
 * The value that a JSON file holds, or undefined where there is no such file.
 * @throws InputError naming the file where it cannot be read, is not JSON, or exceeds {@link jsonLimits}
 */
export async function readJsonIfPresent(path: string): Promise<unknown> {
  const text = await readTextIfPresent(path);
  return text === undefined ? undefined : parseJson(text, path);
}

/** As {@link readJsonIfPresent}, and an InputError where there is no such file. */
export async function readJson(path: string): Promise<unknown> {
  const value = await readJsonIfPresent(path);
  if (value === undefined) throw new InputError(`${path}: no such file`);
  return value;
}

/** The text of a file of moderate size, or undefined where there is none. @throws InputError as {@link readJsonIfPresent} */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  try {
    const entry = await stat(path);
    if (!entry.isFile()) throw new InputError(`${path}: expected a file, found a folder, pipe or device`);
    if (entry.size > jsonLimits.bytes)
      throw new InputError(`${path}: expected at most ${jsonLimits.bytes} bytes, found ${entry.size}`);
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return undefined;
    throw new InputError(`${path}: cannot be read (${code})`);
  }
}

/** Parses within {@link jsonLimits}; `place` opens the error. */
export function parseJson(text: string, place: string): unknown {
  const { values, depth } = measure(text);
  if (values > jsonLimits.values)
    throw new InputError(`${place}: expected at most ${jsonLimits.values} values, found more`);
  if (depth > jsonLimits.depth)
    throw new InputError(`${place}: expected values nested ${jsonLimits.depth} deep at most`);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InputError(`${place}: not JSON: ${(error as Error).message.split("\n", 1)[0]}`);
  }
}

/** Number of values, keys not counted, and the deepest nesting, of a text that may or may not be JSON. */
function measure(text: string): { values: number; depth: number } {
  let values = 1;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // a string
        for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++) if (text.charCodeAt(at) === 0x5c) at++;
        break;
      case 0x5b: // [
      case 0x7b: // {
        values++;
        deepest = Math.max(deepest, ++depth);
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case 0x2c: // ,
        values++;
    }
  }
  return { values, depth: deepest };
}
