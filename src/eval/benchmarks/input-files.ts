import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { z } from "zod";
import { expectInput, InputError } from "../../core/errors.ts";
import { schemaProblems } from "../../core/schema-problems.ts";

/** Longest file that is read: a string in V8 holds no more. */
const MOST_BYTES = 512 * 1024 * 1024 - 32;

/** A value of a file and where it stands: "answers.jsonl, line 3". */
export interface Placed<T> {
  readonly value: T;
  readonly place: string;
}

/** The text of a UTF-8 file, without a byte order mark. */
export async function readText(path: string): Promise<string> {
  return (await readBytes(path)).toString("utf8").replace(/^\uFEFF/, "");
}

export async function readBytes(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    expectInput(size <= MOST_BYTES, `${path}: too large: ${size} bytes, at most ${MOST_BYTES} are read`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === "ENOENT"
        ? "no such file"
        : code === "EISDIR"
          ? "expected a file, found a folder"
          : `cannot be read (${code})`;
    throw new InputError(`${path}: ${reason}`);
  }
}

/** The objects of a JSONL file, blank lines left out, checked against `schema`. */
export async function readJsonRows<T>(path: string, schema: z.ZodType<T>): Promise<Placed<T>[]> {
  const lines = (await readText(path)).split("\n");
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    const place = `${path}, line ${index + 1}`;
    return [{ place, value: checked(parseJson(line, place), schema, place) }];
  });
}

/** The value of a JSON file, checked against `schema`. */
export async function readJsonAs<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  return checked(parseJson(await readText(path), path), schema, path);
}

/** Throws InputError saying where and what is not JSON. */
export function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InputError(`${place}: not JSON: ${(error as Error).message.split("\n", 1)[0]}`);
  }
}

/** `value` as the schema's type. Throws InputError with every problem and its place. */
export function checked<T>(value: unknown, schema: z.ZodType<T>, place: string): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new InputError(`${place}: ${schemaProblems(result.error)}`);
  return result.data;
}

/** The path itself, or the files in the folder whose names end so, in the order of their names. */
export async function filesAt(path: string, ending: RegExp): Promise<string[]> {
  const entry = await stat(path).catch(() => null);
  if (entry === null) throw new InputError(`${path}: no such file or folder`);
  if (!entry.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => ending.test(name)).sort();
  expectInput(
    names.length > 0,
    `${path}: expected files that end with ${ending.source.replaceAll(/[\\$^]/g, "")}, found none`,
  );
  return names.map((name) => join(path, name));
}

/** By key. Throws InputError naming both places of a key that is there twice. */
export function indexBy<T, K extends string | number>(
  rows: readonly Placed<T>[],
  key: (row: T) => K,
  what: string,
): Map<K, Placed<T>> {
  const index = new Map<K, Placed<T>>();
  for (const row of rows) {
    const id = key(row.value);
    const earlier = index.get(id);
    if (earlier)
      throw new InputError(`${row.place}: ${what} ${JSON.stringify(id)} is there twice, first in ${earlier.place}`);
    index.set(id, row);
  }
  return index;
}

/** A file's name without folders and ending. */
export function stemOf(path: string): string {
  return basename(path).replace(/\.[^.]*$/, "");
}

/** Given when a benchmark needs it. */
export function expectQuestions(questions: string | undefined, what: string): string {
  expectInput(questions !== undefined, `--questions: expected ${what}, found nothing`);
  return questions;
}
