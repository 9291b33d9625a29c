/** Two public benchmarks in their official layouts, on made-up data, with the default model: one in words, one in pictures. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BenchmarkReport } from "../../src/eval/harness/report.ts";
import { jsonLines } from "../support/scratch-folder.ts";

const run = promisify(execFile);
const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const timeout = 180_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-benchmarks-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const mogao = (...args: string[]) => run(process.execPath, [cli, ...args], { cwd: folder });
const evaluate = async (name: string, ...more: string[]) => {
  const { stdout } = await mogao(
    "eval",
    name,
    "--data",
    join(folder, name),
    "--out",
    join(folder, `${name}-out`),
    "--json",
    ...more,
  );
  return JSON.parse(stdout) as BenchmarkReport;
};

test("POPE-like questions about drawn pictures", { timeout }, async () => {
  const pictures = join(folder, "pope", "val2014");
  await mkdir(pictures, { recursive: true });
  for (const [i, thing] of ["apple", "car"].entries()) {
    const drawn = await mogao(
      "generate",
      `Draw a red ${thing}.`,
      "--seed",
      "5",
      "--steps",
      "8",
      "--max-images",
      "1",
      "--json",
    );
    const { parts } = JSON.parse(drawn.stdout) as { parts: { type: string; path?: string }[] };
    const { path } = parts.find(({ type }) => type === "image")!;
    await writeFile(
      join(pictures, `COCO_val2014_00000000000${i}.jpg`),
      await readFile(path!.startsWith("/") ? path! : join(folder, path!)),
    );
  }
  for (const split of ["random", "popular", "adversarial"]) {
    const rows = ["apple", "car"].flatMap((shown, i) =>
      ["apple", "car"].map((asked, j) => ({
        question_id: 2 * i + j + 1,
        image: `COCO_val2014_00000000000${i}.jpg`,
        text: `Is there a ${asked} in the image?`,
        label: shown === asked ? "yes" : "no",
      })),
    );
    await writeFile(join(folder, "pope", `coco_pope_${split}.json`), jsonLines(rows));
  }
  const report = await evaluate("pope");
  expect(report).toMatchObject({
    benchmark: "pope",
    protocol: "official",
    official: true,
    items: 12,
    missing: 0,
    failed: 0,
  });
  const { splits } = report.scores as unknown as { splits: Record<string, { accuracy: number; yes_ratio: number }> };
  expect(Object.keys(splits).sort()).toEqual(["adversarial", "popular", "random"]);
  // The same questions three times: the same answers.
  expect(splits["random"]).toEqual(splits["popular"]);
  const answers = await readFile(join(folder, "pope-out", "answers.jsonl"), "utf8");
  expect(answers.trimEnd().split("\n")).toHaveLength(12);
});

test("GenEval prompts, drawn by the model and judged by verdicts that were made elsewhere", { timeout }, async () => {
  const prompts = [
    { tag: "single_object", include: [{ class: "apple", count: 1 }], prompt: "a photo of an apple" },
    { tag: "colors", include: [{ class: "car", count: 1, color: "red" }], prompt: "a photo of a red car" },
  ];
  await mkdir(join(folder, "geneval"));
  await writeFile(join(folder, "geneval", "evaluation_metadata.jsonl"), jsonLines(prompts));
  const settings = ["--steps", "2"];
  expect(await evaluate("geneval", ...settings)).toMatchObject({ items: 8, missing: 8, scores: { overall: null } });
  const open = await readFile(join(folder, "geneval-out", "to-judge.jsonl"), "utf8");
  const verdicts = open
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { sha256, prompt } = JSON.parse(line) as { sha256: string; prompt: string };
      const name = prompt.endsWith("apple") ? "apple" : "car";
      return {
        sha256,
        detections: [{ class: name, box: [8, 8, 80, 80], score: 0.95, color: name === "car" ? "blue" : "red" }],
      };
    });
  expect(new Set(verdicts.map(({ sha256 }) => sha256)).size).toBe(8);
  await writeFile(join(folder, "verdicts.jsonl"), jsonLines([{ judge: "by hand" }, ...verdicts]));
  const report = await evaluate("geneval", ...settings, "--judge", "verdicts.jsonl");
  expect(report).toMatchObject({
    judge: "by hand",
    missing: 0,
    scores: { overall: 0.5, single_object: 1, colors: 0, correct_images: 0.5 },
  });
});
