import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../core/errors.ts";
import { Tokenizer } from "./tokenizer.ts";

/** Loads `tokenizer.json` and, where there is one, `tokenizer_config.json` of a model's folder. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const path = join(folder, "tokenizer.json");
  const json = await readJson(path);
  if (json === undefined) throw new InputError(`${path}: no such file`);
  return new Tokenizer(json, (await readJson(join(folder, "tokenizer_config.json"))) ?? {}, path);
}

/** Undefined where the file does not exist. */
async function readJson(path: string): Promise<unknown> {
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
