import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CONCEPTS } from "../../../data/world/concepts.ts";
import { STYLES } from "../../../data/world/styles.ts";
import { openRuntime } from "../../../runtime/open-runtime.ts";
import type { Runtime } from "../../../runtime/types.ts";
import { train } from "../../../train/loop.ts";
import type { CropClassifierConfig } from "./crop-classifier.ts";
import { cropTask } from "./crop-task.ts";

const classifier: CropClassifierConfig = {
  side: 16,
  patch: 4,
  levels: [
    { size: 12, blocks: 1 },
    { size: 16, blocks: 1 },
  ],
  concepts: CONCEPTS.map(({ name }) => name),
  styles: STYLES.map(({ name }) => name),
};
const settings = { classifier, cropsPerStep: 8, folder: "models/emoji-world" };

let runtime: Runtime;
let folder: string;
beforeAll(async () => {
  runtime = await openRuntime();
  folder = await mkdtemp(join(tmpdir(), "crop-task-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a batch is a function of seed and step alone; what is unknown has the last number and no style", async () => {
  const [task, again] = [
    await cropTask(settings, { runtime, seed: 4 }),
    await cropTask(settings, { runtime, seed: 4 }),
  ];
  const third = await task.batch(3);
  await again.batch(2);
  expect(await again.batch(3)).toEqual(third);
  expect(await task.batch(4)).not.toEqual(third);
  expect(third.samples).toBe(8);
  expect(third.flops).toBeGreaterThan(0);
  const { crops, concepts, known } = third.feeds;
  expect(crops!.shape).toEqual([8, 4, 16, 16]);
  const numbers = Array.from(concepts!.data as BigInt64Array, Number);
  expect(numbers.every((number) => number >= 0 && number <= CONCEPTS.length)).toBe(true);
  expect(Array.from(known!.data as Float32Array)).toEqual(numbers.map((number) => Number(number < CONCEPTS.length)));
  await Promise.all([task.close?.(), again.close?.()]);
});

test("trains: the first thing learnt is how often crops show nothing", async () => {
  const task = await cropTask(settings, { runtime, seed: 4 });
  const schedule = { kind: "constant", peak: 0.01 } as const;
  await train(task, { runtime, outDir: join(folder, "run"), steps: 16, seed: 4, schedule });
  const lines = (await readFile(join(folder, "run", "metrics.jsonl"), "utf8")).trim().split("\n");
  const losses = lines.map((line) => (JSON.parse(line) as { metrics: { concept: number } }).metrics.concept);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  expect(losses[0]).toBeGreaterThan(4);
  expect(mean(losses.slice(-5))).toBeLessThan(losses[0]! - 0.5);
});
