import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Words that say nothing about a picture. */
const filler = new Set(
  "a an the of me my please draw paint show make create generate picture image it is are and with then some in on to i want".split(
    " ",
  ),
);

/** A short file name from a prompt: "Draw a red apple." → "red-apple". */
export function slug(text: string): string {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const telling = words.filter((word) => !filler.has(word)).slice(0, 3);
  return [...telling.join("-")].slice(0, 40).join("").replace(/-$/, "") || "picture";
}

/**
 * Writes `bytes` as `<folder>/<number>-<name>`, where the number follows the largest one there, so that names sort in order
 * and nothing is overwritten, even by two programs at once. Makes the folder. Returns the path.
 */
export async function saveNumbered(folder: string, name: string, bytes: Uint8Array | string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const numbers = (await readdir(folder)).map((entry) => Number(/^(\d{1,9})-/.exec(entry)?.[1] ?? 0));
  for (let number = Math.max(0, ...numbers) + 1; ; number++) {
    const path = join(folder, `${String(number).padStart(3, "0")}-${name}`);
    const file = await open(path, "wx").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return undefined;
      throw error;
    });
    if (file === undefined) continue;
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    return path;
  }
}

/** Saves pictures under one name and their seeds; see {@link saveNumbered}. */
export function pictureSaver(folder: string, name: string): (seed: number, png: Uint8Array) => Promise<string> {
  return (seed, png) => saveNumbered(folder, `${name}-${seed}.png`, png);
}
