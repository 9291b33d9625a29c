import { copyFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { writeBytesAtomic } from "../../../core/atomic-file.ts";
import { expectInput } from "../../../core/errors.ts";
import { createImage, type RgbImage } from "../../../core/image.ts";
import { encodePng } from "../../../data/png.ts";
import { readPropositions } from "../../benchmarks/dpg-bench.ts";
import { readText, stemOf } from "../../benchmarks/input-files.ts";
import type { DrawingSet } from "../drawing-set.ts";
import type { Crop, JudgedPicture } from "../judge.ts";
import { findIn, toLines } from "../question-set.ts";

/** A grid of two by two: top left, top right, bottom left, bottom right. */
const SAMPLES = 4;

/** `prompts/<item>.txt` and `dpg_bench.csv`; four pictures a prompt go into one grid, `images/<item>.png`. */
export async function readDpgBench(data: string, limit: number): Promise<DrawingSet> {
  const table = await findIn(data, ["dpg_bench.csv"]);
  const items = await readPropositions(table, "fixed");
  const names = (await readdir(await findIn(data, ["prompts"]))).filter((name) => name.endsWith(".txt")).sort();
  const chosen = names.slice(0, limit);
  expectInput(chosen.length > 0, `${join(data, "prompts")}: expected prompts (<item>.txt), found none`);
  const prompts = await Promise.all(
    chosen.map(async (name) => ({ id: stemOf(name), text: (await readText(join(data, "prompts", name))).trim() })),
  );
  for (const { id } of prompts) expectInput(items.has(id), `${table}: expected propositions of ${id}, found none`);
  const questionsOf = (id: string) => [...new Set([...items.get(id)!.values()].map(({ question }) => question))];
  return {
    prompts,
    samples: SAMPLES,
    async save({ id }, images, folder) {
      const file = join("images", `${id}.png`);
      await mkdir(join(folder, "images"), { recursive: true });
      await writeBytesAtomic(join(folder, file), await encodePng(grid(images)));
      return [file];
    },
    needsAll: false,
    needs: { faculty: "answer", words: "answers questions about pictures" },
    async toJudge({ id }, picture) {
      const { sha256, path } = picture;
      return (await cropsOf(picture)).flatMap((crop) =>
        questionsOf(id).map((question) => ({ sha256, path, crop, question, answer: null })),
      );
    },
    async judge({ id }, picture, judge) {
      const lines: object[] = [];
      for (const crop of await cropsOf(picture))
        for (const question of questionsOf(id)) {
          const answer = await judge.answer!({ ...picture, crop }, question);
          if (answer === undefined) return null;
          lines.push({ image: picture.file, crop, question, answer });
        }
      return lines;
    },
    async write(lines, folder) {
      const files = { answers: join(folder, "judgments.jsonl"), questions: join(folder, "dpg_bench.csv") };
      await writeBytesAtomic(files.answers, toLines(lines));
      await copyFile(table, files.questions);
      return files;
    },
  };
}

/** The quarters of a grid. */
async function cropsOf({ path }: JudgedPicture): Promise<Crop[]> {
  const { width, height } = await sharp(path).metadata();
  const [x, y] = [width / 2, height / 2];
  return [
    [0, 0, x, y],
    [x, 0, width, y],
    [0, y, x, height],
    [x, y, width, height],
  ];
}

function grid(images: readonly RgbImage[]): RgbImage {
  const { width, height } = images[0]!;
  const out = createImage(2 * width, 2 * height);
  for (const [i, image] of images.entries())
    for (let y = 0; y < height; y++) {
      const row = y + height * Math.floor(i / 2);
      out.data.set(image.data.subarray(3 * y * width, 3 * (y + 1) * width), 3 * (row * out.width + width * (i % 2)));
    }
  return out;
}
