import { join } from "node:path";
import { writeBytesAtomic } from "../../../core/atomic-file.ts";
import { encodePng } from "../../../data/png.ts";
import { readGenevalPrompts } from "../../benchmarks/geneval/geneval.ts";
import type { DrawingSet } from "../drawing-set.ts";
import { findIn, toLines } from "../question-set.ts";

const SAMPLES = 4;
const digits = (index: number, count: number) => String(index).padStart(count, "0");

/** `evaluation_metadata.jsonl`; pictures go to `NNNNN/samples/NNNN.png` beside their `metadata.jsonl`. */
export async function readGeneval(data: string, limit: number): Promise<DrawingSet> {
  const name = "evaluation_metadata.jsonl";
  const records = (await readGenevalPrompts(await findIn(data, [name, join("prompts", name)]))).slice(0, limit);
  return {
    prompts: records.map(({ prompt }, index) => ({ id: digits(index, 5), text: prompt })),
    samples: SAMPLES,
    async save({ id }, images, folder) {
      await writeBytesAtomic(join(folder, id, "metadata.jsonl"), toLines([records[Number(id)]!]));
      return Promise.all(
        images.map(async (image, i) => {
          const file = join(id, "samples", `${digits(i, 4)}.png`);
          await writeBytesAtomic(join(folder, file), await encodePng(image));
          return file;
        }),
      );
    },
    needsAll: false,
    needs: { faculty: "detect", words: "detects objects and their colours" },
    toJudge: ({ text }, { sha256, path }) => Promise.resolve([{ sha256, path, prompt: text, detections: null }]),
    async judge({ id }, picture, judge) {
      const { include } = records[Number(id)]!;
      const coloured = include.filter(({ color }) => color !== undefined).map((each) => each.class);
      const detections = await judge.detect!(picture, new Set(coloured));
      return detections === undefined ? null : [{ filename: picture.file, prompt_index: Number(id), detections }];
    },
    async write(lines, folder) {
      const files = { answers: join(folder, "detections.jsonl"), questions: join(folder, name) };
      await writeBytesAtomic(files.answers, toLines(lines));
      await writeBytesAtomic(files.questions, toLines(records));
      return files;
    },
  };
}
