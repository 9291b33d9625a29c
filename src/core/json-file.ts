import { readFile } from "node:fs/promises";
import { InputError } from "./errors.ts";

/**
 * The value that a JSON file holds, or undefined where there is no such file.
 * @throws InputError naming the file where it cannot be read or is not JSON
 */
export async function readJsonIfPresent(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return undefined;
    throw new InputError(`${path}: cannot be read (${code})`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InputError(`${path}: not JSON: ${(error as Error).message.split("\n", 1)[0]}`);
  }
}

/** As {@link readJsonIfPresent}, and an InputError where there is no such file. */
export async function readJson(path: string): Promise<unknown> {
  const value = await readJsonIfPresent(path);
  if (value === undefined) throw new InputError(`${path}: no such file`);
  return value;
}
