import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { readJsonRows, stemOf } from "../benchmarks/input-files.ts";
import { detection, type Detection } from "../benchmarks/geneval/grade.ts";

/** A drawn picture, or a part of it: left, top, right, bottom in pixels. */
export interface JudgedPicture {
  readonly path: string;
  /** Of the file. */
  readonly sha256: string;
  readonly crop?: Crop;
}
export type Crop = readonly [number, number, number, number];

/**
 * Who looks at pictures, or reads unclear answers. A judge does some of these; each gives undefined where it has no verdict.
 */
export interface Judge {
  readonly id: string;
  /** Whether its verdicts may stand in a column with official scores. */
  readonly official: boolean;
  /** Whether verdicts cost time or money, and are kept for the next run. */
  readonly costly: boolean;
  /** Objects with their boxes; colours at least of objects of the classes `coloured`. */
  detect?(picture: JudgedPicture, coloured: ReadonlySet<string>): Promise<readonly Detection[] | undefined>;
  answer?(picture: JudgedPicture, question: string): Promise<string | undefined>;
  /** How well the picture shows the text, from 0 to 1. */
  score?(picture: JudgedPicture, text: string): Promise<number | undefined>;
  complete?(prompt: string): Promise<string>;
  /** Frees what it holds. */
  dispose?(): void;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const record = z.union([
  z.object({ judge: z.string().min(1), official: z.boolean().default(false) }),
  z.object({ sha256, detections: z.array(detection) }),
  z.object({
    sha256,
    crop: z.tuple([z.number(), z.number(), z.number(), z.number()]).optional(),
    question: z.string(),
    answer: z.string(),
  }),
  z.object({ sha256, text: z.string(), score: z.number() }),
]);

/**
 * Verdicts that other programs wrote, one a line, by the hash of the picture's file: { sha256, detections }, { sha256, crop?,
 * question, answer } or { sha256, text, score }. A line { judge, official } names who gave them, and says whether that is the
 * benchmark's own judge.
 * @throws InputError naming file and line
 */
export async function precomputedJudge(path: string): Promise<Judge> {
  let id = `precomputed ${stemOf(path)}`;
  let official = false;
  const verdicts = new Map<string, unknown>();
  for (const { value } of await readJsonRows(path, record)) {
    if ("judge" in value) ({ judge: id, official } = value);
    else if ("detections" in value) verdicts.set(keyOf(value.sha256), value.detections);
    else if ("answer" in value) verdicts.set(keyOf(value.sha256, value.question, value.crop), value.answer);
    else verdicts.set(keyOf(value.sha256, value.text), value.score);
  }
  return {
    id,
    official,
    costly: false,
    detect: (picture) => Promise.resolve(verdicts.get(keyOf(picture.sha256)) as readonly Detection[] | undefined),
    answer: (picture, question) =>
      Promise.resolve(verdicts.get(keyOf(picture.sha256, question, picture.crop)) as string | undefined),
    score: (picture, text) => Promise.resolve(verdicts.get(keyOf(picture.sha256, text)) as number | undefined),
  };
}

function keyOf(hash: string, about = "", crop?: Crop): string {
  return JSON.stringify([hash, about, crop ?? null]);
}

/** Of a file, in hexadecimal digits. */
export async function sha256Of(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}
