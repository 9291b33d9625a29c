import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { encodePng } from "../../src/data/png.ts";
import type { BenchmarkReport } from "../../src/eval/harness/report.ts";
import { runFakeCli } from "./fake-cli.ts";
import { FakeMogao, solid, type Script } from "./fake-mogao.ts";
import { jsonLines, scratchFolder } from "./scratch-folder.ts";

const scratch = scratchFolder();
/** A PNG of 32 px. */
export const picture = await encodePng(solid(32, 32, [200, 30, 30]));

/** A folder with data, a model and pictures of these names. */
export async function prepare(
  files: Readonly<Record<string, string>>,
  pictures: readonly string[] = [],
): Promise<string> {
  const data = Object.fromEntries(Object.entries(files).map(([name, text]) => [join("data", name), text]));
  const folder = await scratch({ ...data, "model/model.safetensors": "weights" });
  for (const name of pictures) {
    const path = join(folder, "data", name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, picture);
  }
  return folder;
}

export function run(name: string, folder: string, model: FakeMogao | undefined, ...more: readonly string[]) {
  const where = ["--data", join(folder, "data"), "--model", join(folder, "model"), "--out", join(folder, "out")];
  return runFakeCli(["eval", name, ...where, "--json", ...more], model ? { model } : {});
}

/** The report of a run that must succeed. */
export async function reportOf(...args: Parameters<typeof run>): Promise<BenchmarkReport> {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as BenchmarkReport;
}

/** Answers each prompt by its text. */
export const saying = (answer: (text: string) => string): FakeMogao =>
  new FakeMogao((prompt) => [
    answer(prompt.map((part) => (typeof part === "string" ? part : part.type === "text" ? part.text : "@")).join(" ")),
  ]);
export const drawing = (script: Script = () => [solid(32, 32, [200, 30, 30])]): FakeMogao => new FakeMogao(script);

/** Two questions in each of the three splits, all about `val2014/a.jpg`. */
export const popeFiles = Object.fromEntries(
  ["random", "popular", "adversarial"].map((split) => [
    `coco_pope_${split}.json`,
    jsonLines(
      ["cat", "dog"].map((name, i) => ({
        question_id: i + 1,
        image: "a.jpg",
        text: `Is there a ${name}?`,
        label: i === 0 ? "yes" : "no",
      })),
    ),
  ]),
);

/** A line of GenEval's evaluation_metadata.jsonl. */
export const dogs = { tag: "single_object", include: [{ class: "dog", count: 1 }], prompt: "a photo of a dog" };
