import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { FakeMogao, solid, type ScriptItem } from "../../../tests/support/fake-mogao.ts";
import { CONCEPTS } from "../../data/world/concepts.ts";
import { renderScene } from "../../data/world/render.ts";
import { SpriteBank } from "../../data/world/sprite-bank.ts";
import { readImage } from "../../encoders/image-file.ts";
import type { EvaluationItem, Expectation } from "./item.ts";
import { runItems, type Evaluation, type ItemResult } from "./run-suite.ts";
import { TemplateJudge } from "./template-judge.ts";

let bank: SpriteBank;
let judge: TemplateJudge;
beforeAll(async () => {
  bank = await SpriteBank.open();
  judge = new TemplateJudge(bank, {
    concepts: CONCEPTS.filter(({ name }) => "apple,car,cat".split(",").includes(name)),
  });
});
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-eval-"));
});
afterEach(() => rm(folder, { recursive: true }));

function sceneOf(concept: string) {
  const object = { concept, style: "noto", colour: null, x: 0.5, y: 0.5, size: 0.6 };
  return { width: 64, height: 64, background: "white", objects: [object] };
}
const picture = (concept: string) => renderScene(sceneOf(concept), bank);

function item(index: number, text: string, expected: Expectation, shown?: string): EvaluationItem {
  const truth = "concept" in expected ? [sceneOf(expected.concept)] : [];
  const scenes = shown === undefined ? [] : [{ type: "scene" as const, scene: sceneOf(shown) }];
  const prompt = [...scenes, { type: "text" as const, text }];
  return {
    id: `single-${index}`,
    suite: "single",
    group: "curated",
    pair: null,
    prompt,
    expected,
    truth,
    seed: 100 + index,
  };
}

const ITEMS = [
  item(0, "Draw an apple.", { type: "object", concept: "apple" }),
  item(1, "Draw a car.", { type: "object", concept: "car" }),
  item(2, "What is this?", { type: "name", concept: "cat" }, "cat"),
  item(3, "Draw a cat.", { type: "picture" }),
  item(4, "Is there a cat?", { type: "text" }, "cat"),
];

/** Draws apples whatever is asked, says what there is, and draws without end when only the beginning matters. */
const model = (): FakeMogao =>
  new FakeMogao((prompt): readonly ScriptItem[] => {
    const last = prompt.at(-1)!;
    const text = typeof last === "string" || last.type === "image" ? "" : last.text;
    if (text === "What is this?") return ["A cat."];
    if (text === "Is there a cat?") return ["Yes."];
    if (text === "Draw a cat.") return ["Here is a cat.", picture("cat"), new Error("asked for more than needed")];
    return ["Here it is.", picture("apple"), new Error("asked for more than one picture")];
  });

function run(more: Partial<Evaluation> = {}): Promise<ItemResult[]> {
  return runItems({ model: model(), judge, bank, items: ITEMS, folder, generate: { steps: 3 }, ...more });
}

test("each item is asked with its seed, judged, and written with its picture", async () => {
  const asked = model();
  const results = await run({ model: asked, reconstruct: () => Promise.resolve(picture("car")) });
  expect(results.map(({ right }) => right)).toEqual([true, false, true, true, true]);
  expect(results.map(({ drew }) => drew)).toEqual([true, true, false, true, false]);
  // The judge is right on right pictures; what comes from this autoencoder is always a car.
  expect(results.map(({ truth }) => truth)).toEqual([true, true, true, null, null]);
  expect(results.map(({ reconstruction }) => reconstruction)).toEqual([false, true, false, null, null]);
  expect(results[2]!.prompt).toBe("@cat What is this?");
  expect(results[2]!.text).toBe("A cat.");
  expect(results[1]!.pictures[0]!.detections.map(({ concept }) => concept)).toEqual(["apple"]);
  expect(asked.calls.map(({ options }) => [options.seed, options.steps])).toEqual(ITEMS.map(({ seed }) => [seed, 3]));
  expect(asked.calls[2]!.prompt[0]).toMatchObject({ type: "image", image: { width: 64, height: 64 } });
  expect(results.map(({ pictures }) => pictures.map(({ file }) => file))).toEqual([
    [join("pictures", "single-0.png")],
    [join("pictures", "single-1.png")],
    [],
    [],
    [],
  ]);
  expect(results.map(({ shown }) => shown.length)).toEqual([0, 0, 1, 0, 1]);
  expect(await readImage(join(folder, results[2]!.shown[0]!))).toEqual(picture("cat"));
  expect(await readImage(join(folder, results[0]!.pictures[0]!.file))).toEqual(picture("apple"));
  const lines = (await readFile(join(folder, "items.jsonl"), "utf8")).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as ItemResult)).toEqual(results);
});

test("neighbours that want as many pictures draw together, eight at most; of words alone each is asked alone", async () => {
  const draws = Array.from({ length: 11 }, (_, i) =>
    item(20 + i, "Draw an apple.", { type: "object", concept: "apple" }),
  );
  const asked = model();
  await run({ model: asked, items: [...draws.slice(0, 9), ITEMS[2]!, ...draws.slice(9), ITEMS[4]!] });
  expect(asked.batches).toEqual([8, 1, 1, 2, 1]);
  const again = model();
  await run({ model: again, items: [...draws, item(40, "Draw a car.", { type: "object", concept: "car" })] });
  expect(again.batches).toEqual([1]);
});

test("of a coloured thing the colour is judged by itself too", async () => {
  const green = item(9, "Draw a green car.", { type: "colour", concept: "car", colour: "green" });
  const truth = { ...sceneOf("car"), objects: [{ ...sceneOf("car").objects[0]!, colour: "green" }] };
  const items = [{ ...green, truth: [truth] }];
  const asked = new FakeMogao(() => [solid(64, 64, [255, 255, 255])]);
  const [blank] = await run({ items, model: asked });
  const alone = (result: ItemResult) => result.aspects["colour alone"];
  expect([blank!.right, alone(blank!)]).toEqual([false, { right: false, truth: true, reconstruction: null }]);
  const greenApple = { ...truth, objects: [{ ...truth.objects[0]!, concept: "apple" }] };
  const [apple] = await run({
    items: items.map((one) => ({ ...one, id: "single-10" })),
    model: new FakeMogao(() => [renderScene(greenApple, bank)]),
    reconstruct: () => Promise.resolve(picture("car")),
  });
  expect([apple!.right, alone(apple!)]).toEqual([false, { right: true, truth: true, reconstruction: false }]);
  expect([apple!.truth, apple!.reconstruction]).toEqual([true, false]);
});

test("what is done is kept; a line that was cut off is done again", async () => {
  const first = await run({ items: ITEMS.slice(0, 2) });
  await appendFile(join(folder, "items.jsonl"), '{"id":"single-2","ri');
  const again = model();
  const progress: (readonly [number, number])[] = [];
  const results = await run({ model: again, onProgress: (done, reused) => progress.push([done.length, reused]) });
  expect(results.slice(0, 2)).toEqual(first);
  expect(again.calls.map(({ options }) => options.seed)).toEqual([102, 103, 104]);
  expect(progress).toEqual([0, 1, 2, 3, 4].map((done) => [done, 2]));
  await run({ model: new FakeMogao(() => [new Error("nothing is left to ask")]) });
});

test("results of other items are not taken for today's", async () => {
  await run({ items: ITEMS.slice(0, 1) });
  const other = { ...ITEMS[0]!, prompt: [{ type: "text" as const, text: "Draw a dog." }] };
  await expect(run({ items: [other] })).rejects.toThrow('"single-0" is another item than today\'s ("Draw an apple."');
});

test("an abort stops between items and keeps what is done", async () => {
  const controller = new AbortController();
  const stop = (done: readonly ItemResult[]): void =>
    void (done.length === 1 && controller.abort(new Error("stopped")));
  await expect(run({ signal: controller.signal, onProgress: stop })).rejects.toThrow("stopped");
  expect((await readFile(join(folder, "items.jsonl"), "utf8")).trimEnd().split("\n").length).toBe(1);
});

test("a series is let go on by one picture, to see whether the model stops", async () => {
  const scenes = [sceneOf("apple"), sceneOf("car")];
  const series = { type: "series", scenes, places: false, varies: null, last: null } as const;
  const items = [0, 1, 2].map((index) => ({ ...item(index, "A story.", series), truth: scenes }));
  const scripts: (readonly ScriptItem[])[] = [
    ["An apple.", picture("apple"), "A car.", picture("car")],
    [picture("apple"), picture("car"), picture("cat"), new Error("asked for more than needed")],
    [picture("apple")],
  ];
  const asked = new FakeMogao(() => scripts[asked.calls.length - 1]!);
  const results = await run({ items, model: asked });
  expect(results.map(({ right }) => right)).toEqual([true, false, false]);
  expect(results[0]!.text).toBe("An apple.\n\nA car.");
  expect(results[0]!.aspects).toMatchObject({ "number and end": { right: true }, "each picture": { truth: true } });
  expect(results[1]!.aspects).toMatchObject({ "number and end": { right: false }, "each picture": { right: true } });
  expect(results.map(({ pictures }) => pictures.length)).toEqual([2, 2, 1]);
  expect(asked.calls[0]!.options.maxImages).toBe(3);
  expect(results[0]!.pictures[1]!.file).toBe(join("pictures", "single-0-2.png"));
});
