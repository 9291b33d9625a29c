import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { BACKGROUNDS } from "../data/world/backgrounds.ts";
import { COLOURS } from "../data/world/colours.ts";
import { CONCEPTS } from "../data/world/concepts.ts";
import { SpriteBank } from "../data/world/sprite-bank.ts";
import { presets, vitPresets } from "../model/presets.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import { train } from "./loop.ts";
import { labelsOf, recognitionTask, type RecognitionSettings } from "./recognition-task.ts";

const folder = await mkdtemp(join(tmpdir(), "recognition-"));
afterAll(() => rm(folder, { recursive: true }));

const settings: RecognitionSettings = {
  folder: "models/emoji-world",
  wordsFrom: "models/emoji-world/model.safetensors",
  vocabularySize: presets.nano.vocabularySize,
  vit: { ...vitPresets.nano, size: 16, layers: 1, heads: 2, mlpSize: 32 },
  imageSide: 32,
  picturesPerStep: 16,
  world: { concepts: ["apple", "carrot", "bus"], styles: ["noto"], families: { "caption-single": 1 } },
};

const concept = (name: string) => CONCEPTS.findIndex((item) => item.name === name);
const colour = (name: string) => COLOURS.findIndex((item) => item.name === name);

test("tokens are labelled with what they show", async () => {
  const bank = await SpriteBank.open();
  const thing = { style: "noto", y: 1 / 2, size: 1 / 3 };
  const labels = labelsOf(
    {
      width: 96,
      height: 96,
      background: "light blue",
      objects: [
        { ...thing, concept: "apple", colour: "green", x: 1 / 4 },
        { ...thing, concept: "carrot", colour: null, x: 3 / 4 },
      ],
    },
    bank,
    16,
  );
  const [left, right] = [3 * 6 + 1, 3 * 6 + 4];
  expect(labels.thing[left]).toBe(concept("apple"));
  expect(labels.thing[right]).toBe(concept("carrot"));
  expect(labels.colour[left]).toBe(colour("green"));
  expect(labels.colour[right]).toBe(colour("orange"));
  expect([...labels.centre].filter((is) => is === 1)).toHaveLength(2);
  expect(labels.centre[left]).toBe(1);
  expect(labels.background[left]).toBe(-1);
  expect(labels.thing[0]).toBe(CONCEPTS.length);
  expect(labels.colour[0]).toBe(-1);
  expect(labels.background[0]).toBe(BACKGROUNDS.findIndex(({ name }) => name === "light blue"));
});

test("a small ViT learns what tokens show; the report says how much", async () => {
  const runtime = await openRuntime({ threads: 1 });
  const task = await recognitionTask(settings, { runtime, seed: 3 });
  expect(await task.batch(2)).toEqual(await task.batch(2));
  const outDir = join(folder, "run");
  await train(task, {
    runtime,
    outDir,
    steps: 150,
    seed: 3,
    schedule: { kind: "cosine", peak: 1e-2, warmup: 5 },
    optimizer: { emaDecay: 0.9 },
  });
  const lines = (await readFile(join(outDir, "metrics.jsonl"), "utf8")).trim().split("\n");
  const things = lines.map((line) => (JSON.parse(line) as { metrics: { thing: number } }).metrics.thing);
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  expect(mean(things.slice(-20))).toBeLessThan(mean(things.slice(0, 20)) / 3);
  const shares = JSON.parse(await readFile(join(outDir, "recognised-0000150.json"), "utf8")) as Record<string, number>;
  // Three things: a third by chance.
  expect(shares["thing"]).toBeGreaterThan(0.6);
  expect(shares["colour"]).toBeGreaterThan(0.6);
}, 120_000);
