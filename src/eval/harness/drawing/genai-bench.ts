import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { z } from "zod";
import { writeBytesAtomic, writeJsonAtomic } from "../../../core/atomic-file.ts";
import { readJsonAs } from "../../benchmarks/input-files.ts";
import type { DrawingSet } from "../drawing-set.ts";
import { findIn, toLines } from "../question-set.ts";

const prompts = z.record(z.string().regex(/^\d{5}$/), z.looseObject({ prompt: z.string() }));
const skillFile = z.record(z.string(), z.array(z.int()));
/** The official layout wants JPEG; little is lost. */
const QUALITY = 95;

/** `genai_image.json` and `genai_skills.json`; pictures go to `images/<id>.jpeg`. */
export async function readGenaiBench(data: string, limit: number): Promise<DrawingSet> {
  const all = await readJsonAs(await findIn(data, ["genai_image.json"]), prompts);
  const skills = await readJsonAs(await findIn(data, ["genai_skills.json"]), skillFile);
  const chosen = Object.entries(all)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, limit);
  return {
    prompts: chosen.map(([id, { prompt }]) => ({ id, text: prompt })),
    samples: 1,
    async save({ id }, [image], folder) {
      const file = join("images", `${id}.jpeg`);
      const { width, height, data: pixels } = image!;
      const raw = { width, height, channels: 3 } as const;
      await mkdir(join(folder, "images"), { recursive: true });
      await writeBytesAtomic(join(folder, file), await sharp(pixels, { raw }).jpeg({ quality: QUALITY }).toBuffer());
      return [file];
    },
    needsAll: true,
    needs: { faculty: "score", words: "gives VQAScores" },
    toJudge: ({ text }, { sha256, path }) => Promise.resolve([{ sha256, path, text, score: null }]),
    async judge({ id, text }, picture, judge) {
      const score = await judge.score!(picture, text);
      return score === undefined ? null : [{ id, score }];
    },
    async write(lines, folder) {
      const answers = join(folder, "scores.jsonl");
      await writeBytesAtomic(answers, toLines(lines));
      await writeJsonAtomic(join(folder, "genai_image.json"), Object.fromEntries(chosen));
      const known = new Set(chosen.map(([id]) => Number(id)));
      const own = Object.entries(skills).map(([skill, members]) => [skill, members.filter((id) => known.has(id))]);
      await writeJsonAtomic(join(folder, "genai_skills.json"), Object.fromEntries(own));
      return { answers, questions: folder };
    },
  };
}
