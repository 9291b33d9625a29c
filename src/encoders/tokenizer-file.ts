import { fileInFolder } from "../core/folder-file.ts";
import { readJson, readJsonIfPresent } from "../core/json-file.ts";
import { Tokenizer } from "./tokenizer.ts";

/** Loads `tokenizer.json` and, where there is one, `tokenizer_config.json` of a model's folder. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const path = await fileInFolder(folder, "tokenizer.json");
  const settings = await readJsonIfPresent(await fileInFolder(folder, "tokenizer_config.json"));
  return new Tokenizer(await readJson(path), settings ?? {}, path);
}
