import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { readJsonLines } from "../../core/json-lines.ts";
import { schemaProblems } from "../../core/schema-problems.ts";

/**
 * What a picture is rated for (Sec. 4.3: "text-image alignment, and structural correction"), with the question that raters
 * read. "aesthetics" is the third dimension of Seedream 2.0, whose procedure the paper follows.
 */
export const DIMENSIONS = {
  alignment: "Does the picture show what the text asks for?",
  structure: "Is what it shows well formed?",
  aesthetics: "Is it pleasant to look at?",
} as const;
export type Dimension = keyof typeof DIMENSIONS;

/** The dimensions of a comma-separated list; throws an InputError that lists the names. */
export function parseDimensions(list: string): Dimension[] {
  const names = [...new Set(list.split(",").map((name) => name.trim()))];
  return names.map((name) => {
    if (!Object.hasOwn(DIMENSIONS, name))
      throw new InputError(
        `--dimensions: expected names among ${Object.keys(DIMENSIONS).join(", ")}, found ${JSON.stringify(name)}`,
      );
    return name as Dimension;
  });
}

/** From extreme dissatisfaction to extreme satisfaction (Sec. 4.3). */
export const SCORES = [1, 2, 3, 4, 5] as const;

const name = z.string().min(1).max(200);

export const ratingSchema = z.object({
  item: name,
  model: name,
  dimension: name,
  rater: name,
  score: z.int().min(SCORES[0]).max(SCORES.at(-1)!),
});

/** One line of a file of ratings. */
export type Rating = z.output<typeof ratingSchema>;

/** Ratings of lines that were read from `path`. */
export function parseRatings(lines: readonly unknown[], path: string): Rating[] {
  return lines.map((line, index) => {
    const parsed = ratingSchema.safeParse(line);
    if (!parsed.success)
      throw new InputError(
        `${path}, rating ${index + 1}: expected {item, model, dimension, rater, score 1-5}: ${schemaProblems(parsed.error)}`,
      );
    return parsed.data;
  });
}

/** The ratings that stand: of one rater's several scores for the same thing the last one. */
export function standing(ratings: readonly Rating[]): Rating[] {
  const last = new Map(ratings.map((rating) => [keyOf(rating), rating]));
  return [...last.values()];
}

export function keyOf({ item, model, dimension, rater }: Omit<Rating, "score">): string {
  return JSON.stringify([item, model, dimension, rater]);
}

/** All standing ratings of one or more files. Throws InputError where there are none. */
export async function readRatings(paths: readonly string[]): Promise<Rating[]> {
  const all: Rating[] = [];
  for (const path of paths) {
    const ratings = parseRatings(await readJsonLines(path), path);
    if (ratings.length === 0) throw new InputError(`${path}: expected ratings, found none`);
    all.push(...ratings);
  }
  return standing(all);
}
