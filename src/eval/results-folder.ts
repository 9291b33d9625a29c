import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeBytesAtomic } from "../core/atomic-file.ts";
import { InputError } from "../core/errors.ts";

/** Writes the settings into a new folder of results, or compares them with those there. */
export async function claimFolder(folder: string, settings: Readonly<Record<string, unknown>>): Promise<void> {
  const path = join(folder, "settings.json");
  const text = `${JSON.stringify(settings, null, 2)}\n`;
  const found = await readFile(path, "utf8").catch(() => null);
  if (found === null) await writeBytesAtomic(path, text);
  else if (found !== text)
    throw new InputError(
      `${folder}: holds results of other weights, settings or judge; choose another folder with --out`,
    );
}

/** Twelve digits of the hash of all weights in a model's folder. */
export async function fingerprint(folder: string): Promise<string> {
  const entries = await readdir(folder).catch(() => []);
  const weights = entries.filter((name) => name.endsWith(".safetensors")).sort();
  if (weights.length === 0) throw new InputError(`${folder}: expected a model's folder with safetensors, found none`);
  const hash = createHash("sha256");
  for (const name of weights)
    for await (const chunk of createReadStream(join(folder, name))) hash.update(chunk as Buffer);
  return hash.digest("hex").slice(0, 12);
}
