import { access } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { expectInput, InputError } from "../../core/errors.ts";
import type { ScoreFiles } from "../benchmarks/benchmark.ts";

/** A picture of a benchmark: a file, or a cell of a table, which is read when it is looked at. */
export type BenchmarkPicture =
  { readonly path: string } | { readonly place: string; readonly read: () => Promise<Uint8Array> };

/** What a model is asked. */
export interface Question {
  readonly id: string;
  readonly content: readonly (string | BenchmarkPicture)[];
  /** Enough for the answers that the benchmark expects. */
  readonly maxTokens: number;
}

/** The questions of a benchmark that answers in words. */
export interface QuestionSet {
  readonly questions: readonly Question[];
  /** Writes answers (by question) into a folder in the form that the official scorer reads. */
  write(answers: ReadonlyMap<string, string>, folder: string): Promise<ScoreFiles>;
}

/** Reads the questions from a folder in the benchmark's own layout, of each of its parts `limit` at most. */
export type ReadQuestions = (data: string, limit: number, protocol: string) => Promise<QuestionSet>;

export const ONE_WORD = "Answer the question using a single word or phrase.";
export const ONE_LETTER = "Answer with the option's letter from the given choices directly.";
/** Tokens for a word or a phrase. */
export const WORDS = 20;

/** The first of the paths within `data` that is there. Paths come from the benchmark's files and may not lead out of it. */
export async function findIn(data: string, paths: readonly string[]): Promise<string> {
  const root = resolve(data) + sep;
  for (const path of paths)
    expectInput(
      resolve(data, path).startsWith(root),
      `${data}: expected names of files within it, found ${JSON.stringify(path)}`,
    );
  for (const path of paths.map((name) => join(data, name))) if (await exists(path)) return path;
  throw new InputError(`${data}: expected ${paths.join(" or ")}, found none of them`);
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** As JSON Lines. */
export function toLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}
