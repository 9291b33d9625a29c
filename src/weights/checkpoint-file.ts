import { stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../core/errors.ts";
import { fileInFolder } from "../core/folder-file.ts";

/** The file that a checkpoint's path names, or the first of `names` that its folder holds. Throws InputError where none is. */
export async function checkpointFile(path: string, names: readonly string[]): Promise<string> {
  const entry = await stat(path).catch(() => undefined);
  if (!entry?.isDirectory()) return path;
  for (const name of names) {
    const found = await stat(join(path, name)).catch(() => undefined);
    if (found) return fileInFolder(path, name);
  }
  throw new InputError(`${path}: expected ${names.join(" or ")} in this folder, found none`);
}
