import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RgbImage } from "../../../core/image.ts";
import { Philox } from "../../../core/random.ts";
import { BACKGROUNDS } from "../../../data/world/backgrounds.ts";
import { CONCEPTS } from "../../../data/world/concepts.ts";
import { renderScene } from "../../../data/world/render.ts";
import type { SceneObject } from "../../../data/world/scene.ts";
import { SpriteBank } from "../../../data/world/sprite-bank.ts";
import { STYLES } from "../../../data/world/styles.ts";
import { openRuntime } from "../../../runtime/open-runtime.ts";
import { impostorTrial } from "../judges/impostor-trial.ts";
import { certain, viewOf } from "../view.ts";
import { defaultJudgeFolder, loadClassifier, saveClassifier } from "./classifier-files.ts";
import { blurred } from "./degrade.ts";
import { TrainedJudge } from "./trained-judge.ts";

let bank: SpriteBank;
let judge: TrainedJudge;
let folder: string;
beforeAll(async () => {
  bank = await SpriteBank.open();
  judge = await TrainedJudge.open(await openRuntime());
  folder = await mkdtemp(join(tmpdir(), "world-judge-"));
});
afterAll(async () => {
  judge.dispose();
  await rm(folder, { recursive: true });
});

function scene(background: string, ...objects: readonly Partial<SceneObject>[]): RgbImage {
  const whole = { concept: "cat", style: "noto", colour: null, x: 0.5, y: 0.5, size: 0.6 };
  return renderScene({ width: 96, height: 96, background, objects: objects.map((o) => ({ ...whole, ...o })) }, bank);
}
const seen = async (image: RgbImage) => certain(await viewOf(judge, image)).map(({ concept }) => concept);

test("knows every concept of the table and every style", async () => {
  const { config } = await loadClassifier(defaultJudgeFolder);
  expect(config.concepts).toEqual(CONCEPTS.map(({ name }) => name));
  expect(config.styles).toEqual(STYLES.map(({ name }) => name));
});

test("names drawings in all styles, held-out ones too, sharp and blurred, and tells most styles", async () => {
  const [total, right] = [{ things: 0 }, { sharp: 0, soft: 0, style: 0 }];
  for (const [i, { name: concept }] of CONCEPTS.entries()) {
    for (const { name: style } of STYLES.filter(({ name }, s) => (i + s) % 3 === 0 && bank.has(concept, name))) {
      const ground = BACKGROUNDS.find(({ name }) => bank.stands(concept, style, null, name))!.name;
      const image = scene(ground, { concept, style });
      const [first, ...rest] = certain(await viewOf(judge, image));
      total.things++;
      if (first?.concept === concept && rest.length === 0) right.sharp++;
      if (first?.style === style) right.style++;
      if (String(await seen(blurred(image, 1))) === concept) right.soft++;
    }
  }
  expect(total.things).toBeGreaterThan(200);
  expect(right.sharp / total.things).toBeGreaterThan(0.97);
  expect(right.soft / total.things).toBeGreaterThan(0.94);
  expect(right.style / total.things).toBeGreaterThan(0.9);
});

test("counts equal things that stand close, and takes parts that do not touch for one", async () => {
  const places = [0.18, 0.5, 0.82].flatMap((x) => [0.3, 0.7].map((y) => ({ x, y })));
  const image = scene("light green", ...places.map((place) => ({ ...place, concept: "strawberry", size: 0.27 })));
  expect(await seen(image)).toEqual(Array.from(places, () => "strawberry"));
  for (const [concept, style] of [
    ["panda", "noto"],
    ["sun", "twemoji"],
  ] as const)
    // prettier-ignore
    expect(await seen(scene("white", { concept, style }))).toEqual([concept]);
});

test("is not sure of things that touch, of blobs, and of two in one", async () => {
  const touching = scene("white", { concept: "car", x: 0.36, size: 0.4 }, { concept: "cow", x: 0.64, size: 0.4 });
  expect(await seen(touching)).toEqual([]);
  const rows = await impostorTrial([judge], bank, 20, {});
  const wrong = rows.slice(1).map(({ named, misnamed }) => named[0]!.right + misnamed[0]!.right);
  expect(rows[0]!.named[0]!.right).toBeGreaterThanOrEqual(18);
  expect(wrong.reduce((a, b) => a + b) / (20 * wrong.length)).toBeLessThan(0.2);
});

test("an empty picture shows nothing", async () => {
  expect(await judge.detect(scene("black"))).toEqual([]);
});

test("its id changes with its weights; a stored copy judges alike", async () => {
  const stored = await loadClassifier(defaultJudgeFolder);
  const copy = join(folder, "copy");
  await saveClassifier(copy, stored);
  const other = await TrainedJudge.open(await openRuntime(), copy);
  expect(other.id).toBe(judge.id);
  const image = scene("blue", { concept: "robot" });
  expect(await other.detect(image)).toEqual(await judge.detect(image));
  other.dispose();
  stored.weights.get("stem.bias")![0]! += 1;
  await saveClassifier(copy, stored);
  const changed = await TrainedJudge.open(await openRuntime(), copy);
  expect(changed.id).not.toBe(judge.id);
  changed.dispose();
});

test("a folder without a judge, or with a broken one, is an error that names the file", async () => {
  await expect(loadClassifier(folder)).rejects.toThrow("config.json");
  const broken = join(folder, "broken");
  await cp(defaultJudgeFolder, broken, { recursive: true });
  const path = join(broken, "config.json");
  const config = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  await writeFile(path, JSON.stringify({ ...config, side: 30 }));
  await expect(loadClassifier(broken)).rejects.toThrow("side: expected a multiple of 8, found 30");
  await writeFile(path, JSON.stringify({ ...config, concepts: ["cat"] }));
  await expect(loadClassifier(broken)).rejects.toThrow("concept.weight (expected [2,144], found [124,144])");
  await writeFile(path, JSON.stringify({ ...config, levels: [] }));
  await expect(loadClassifier(broken)).rejects.toThrow(/config\.json: levels: /);
});

test("classifies crops of any number by themselves", async () => {
  const crops = [1, 2, 3].map((seed) => {
    const crop = new Philox(seed).fillNormal(new Float32Array(4 * 32 * 32));
    return crop.map((value) => Math.max(-1, Math.min(1, value)));
  });
  const together = await judge.classify(crops);
  const alone = await judge.classify([crops[1]!]);
  expect(together.length).toBe(3);
  const sum = together[0]!.concept.reduce((a, b) => a + b);
  expect(sum).toBeCloseTo(1, 5);
  alone[0]!.concept.forEach((value, i) => expect(value).toBeCloseTo(together[1]!.concept[i]!, 5));
});
