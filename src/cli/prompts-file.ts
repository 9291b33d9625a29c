/** A file of prompts, for `generate --prompts`. */
import { readFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { z } from "zod";
import { InputError } from "../core/errors.ts";
import { readJsonLines } from "../core/json-lines.ts";
import { schemaProblems } from "../core/schema-problems.ts";

export interface ListedPrompt {
  /** Place in the file among its prompts, from 1 on. */
  readonly number: number;
  /** As on the command line: texts, and `@FILE` for images, whose paths are complete. */
  readonly parts: readonly string[];
  /** The prompt's own, where the file gives one. */
  readonly seed?: number | undefined;
}

const lineSchema = z.strictObject({
  prompt: z.union([z.string(), z.array(z.string()).min(1)]),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .optional(),
});

/**
 * Reads `.jsonl`: one object `{"prompt": "text" or ["text", "@image.png", …], "seed": 7}` a line, images relative to the file; any other
 * file: one text a line. Empty lines are left out. Throws InputError naming file and prompt.
 */
export async function readPrompts(path: string): Promise<ListedPrompt[]> {
  const prompts = extname(path) === ".jsonl" ? await fromJsonLines(path) : await fromLines(path);
  if (prompts.length === 0) throw new InputError(`${path}: expected prompts, found none`);
  return prompts;
}

async function fromLines(path: string): Promise<ListedPrompt[]> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`${path}: cannot be read (${error.code})`);
  });
  const lines = text.split("\n").map((line) => line.trim());
  // A line is a text, whatever it begins with.
  const texts = lines.filter((line) => line !== "").map((line) => (line.startsWith("@") ? `@${line}` : line));
  return texts.map((line, i) => ({ number: i + 1, parts: [line] }));
}

async function fromJsonLines(path: string): Promise<ListedPrompt[]> {
  const values = await readJsonLines(path);
  return values.map((value, i) => {
    const parsed = lineSchema.safeParse(value);
    if (!parsed.success) throw new InputError(`${path}, prompt ${i + 1}: ${schemaProblems(parsed.error)}`);
    const { prompt, seed } = parsed.data;
    const parts = [prompt].flat().map((part) => imageFrom(part, dirname(path)));
    return { number: i + 1, parts, ...(seed !== undefined && { seed }) };
  });
}

function imageFrom(part: string, folder: string): string {
  return part.startsWith("@") && !part.startsWith("@@") && part.length > 1
    ? `@${resolve(folder, part.slice(1))}`
    : part;
}
