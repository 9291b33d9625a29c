import { describe, expect, test } from "vitest";
import type { Scene, SceneObject } from "../../data/world/scene.ts";
import { areDistinct, gradeEdit, gradeSeries, showsScene } from "./grade-scenes.ts";
import type { EditExpectation, SeriesExpectation } from "./item.ts";
import type { View } from "./view.ts";

const SIDE = 100;
const object = (concept: string, x: number, y: number, more: Partial<SceneObject> = {}): SceneObject => ({
  concept,
  style: "noto",
  colour: null,
  x,
  y,
  size: 0.3,
  ...more,
});
const scene = (background: string, ...objects: readonly SceneObject[]): Scene => ({
  width: SIDE,
  height: SIDE,
  background,
  objects,
});

/** What a perfect judge sees of a scene. */
function seen({ background, objects }: Scene): View {
  const detections = objects.map(({ concept, style, colour, x, y, size }) => ({
    concept,
    style,
    score: 0.95,
    colour: colour ?? "red",
    box: { x: SIDE * (x - size / 2), y: SIDE * (y - size / 2), width: SIDE * size, height: SIDE * size },
  }));
  return { width: SIDE, height: SIDE, background, detections, leastScore: 0.8 };
}

const apple = object("apple", 0.25, 0.5);
const cat = object("cat", 0.75, 0.5, { colour: "blue" });
const START = scene("white", apple, cat);

function edit(after: Scene, more: Partial<EditExpectation> = {}): EditExpectation {
  return { type: "edit", before: START, after, keepsPlaces: true, ...more };
}
const aspects = (expected: EditExpectation, view: View | null) => Object.values(gradeEdit(expected, view).aspects);

describe("edits: change made, rest kept, moves on", () => {
  const green = object("apple", 0.25, 0.5, { colour: "green" });
  test.each<[string, Scene, readonly (readonly [Scene, boolean, boolean])[]]>([
    [
      "recolour",
      scene("white", green, cat),
      [
        [scene("white", apple, cat), false, true],
        [scene("white", green), true, false],
        [scene("white", green, { ...cat, colour: "red" }), true, false],
        [scene("white", green, { ...cat, x: 0.4 }), true, false],
        [scene("black", green, cat), true, false],
        [scene("white", green, cat, object("dog", 0.5, 0.9)), true, false],
        [scene("white", green, { ...green, y: 0.9 }, cat), false, false],
      ],
    ],
    [
      "remove",
      scene("white", apple),
      [
        [START, false, false],
        [scene("white", cat), false, false],
        [scene("white"), true, false],
      ],
    ],
    [
      "replace",
      scene("white", object("dog", 0.25, 0.5), cat),
      [
        [START, false, true],
        [scene("white", object("dog", 0.25, 0.5), apple, cat), false, false],
        [scene("white", object("dog", 0.25, 0.5), apple), false, false],
      ],
    ],
    [
      "swap",
      scene("white", { ...apple, x: 0.75 }, { ...cat, x: 0.25 }),
      [
        [START, false, true],
        [scene("white", { ...apple, x: 0.75 }), false, true],
      ],
    ],
    [
      "background",
      scene("black", apple, cat),
      [
        [START, false, true],
        [scene("green", apple, cat), false, true],
        [scene("black", apple), true, false],
      ],
    ],
    [
      "style",
      scene("white", { ...apple, style: "twemoji" }, { ...cat, style: "twemoji" }),
      [
        [START, false, true],
        [scene("white", { ...apple, style: "twemoji" }, cat), false, true],
      ],
    ],
  ])("%s", (_name, after, others) => {
    expect(gradeEdit(edit(after), seen(after))).toEqual({
      right: true,
      aspects: { "change made": true, "rest kept": true, "moves on": true },
    });
    for (const [picture, changed, kept] of others) {
      const found = gradeEdit(edit(after), seen(picture));
      expect([found.aspects["change made"], found.aspects["rest kept"]], JSON.stringify(picture)).toEqual([changed, kept]); // prettier-ignore
      expect(found.right).toBe(changed && kept);
    }
    expect(aspects(edit(after), seen(START))[2]).toBe(false);
    expect(aspects(edit(after), null)).toEqual([false, false, false]);
  });

  test("where everything is laid out anew, places are free", () => {
    const before = scene("white", apple);
    const after = scene("white", { ...apple, x: 0.2 }, { ...apple, x: 0.5 });
    const elsewhere = seen(scene("white", { ...apple, x: 0.7 }, { ...apple, y: 0.1 }));
    const expected: EditExpectation = { type: "edit", before, after, keepsPlaces: false };
    expect(gradeEdit(expected, elsewhere).right).toBe(true);
    expect(gradeEdit(expected, seen(before)).right).toBe(false);
  });
});

describe("series", () => {
  const at = (x: number) => scene("white", object("car", x, 0.5, { colour: "blue" }));
  const scenes = [at(0.2), at(0.5), at(0.8)];
  const story: SeriesExpectation = { type: "series", scenes, places: true, varies: "place", last: null };
  const answer = (pictures: readonly Scene[], stopped = true) => ({
    text: "",
    drew: true,
    stopped,
    views: pictures.map(seen),
  });

  test("the pictures as asked, as many as asked, and one thing in all of them", () => {
    expect(gradeSeries(story, answer(scenes))).toEqual({
      right: true,
      aspects: { "number and end": true, "each picture": true, coherent: true },
    });
    const verdicts = (pictures: readonly Scene[], stopped = true) =>
      Object.values(gradeSeries(story, answer(pictures, stopped)).aspects);
    expect(verdicts(scenes, false)).toEqual([false, true, true]);
    expect(verdicts(scenes.slice(0, 2))).toEqual([false, false, true]);
    expect(verdicts([...scenes].reverse())).toEqual([true, false, true]);
    const twemoji = scene("white", object("car", 0.8, 0.5, { colour: "blue", style: "twemoji" }));
    expect(verdicts([...scenes.slice(0, 2), twemoji])).toEqual([true, true, false]);
    expect(verdicts(scenes.slice(0, 1))).toEqual([false, false, false]);
  });

  test("what varies may vary, and nothing else", () => {
    const colours = ["red", "blue"].map((colour) => scene("white", object("car", 0.5, 0.5, { colour })));
    const backgrounds = ["white", "black"].map((name) => scene(name, object("car", 0.5, 0.5, { colour: "blue" })));
    for (const [varies, pictures] of [
      ["colour", colours],
      ["background", backgrounds],
    ] as const) {
      const expected: SeriesExpectation = { type: "series", scenes: pictures, places: false, varies, last: null };
      expect(gradeSeries(expected, answer(pictures)).right).toBe(true);
      expect(gradeSeries({ ...expected, varies: "number" }, answer(pictures)).right).toBe(false);
    }
  });

  test("drawing the last picture once more does not move on", () => {
    const next: SeriesExpectation = { type: "series", scenes: [at(0.8)], places: true, varies: null, last: at(0.5) };
    expect(gradeSeries(next, answer([at(0.8)]))).toEqual({ right: true, aspects: { "moves on": true } });
    expect(gradeSeries(next, answer([at(0.5)]))).toEqual({ right: false, aspects: { "moves on": false } });
    expect(gradeSeries(next, answer([scene("white")])).aspects).toEqual({ "moves on": true });
    expect(gradeSeries(next, answer([])).aspects).toEqual({ "moves on": false });
  });
});

test("a scene is shown by its things and no others; equal things are matched to the nearest", () => {
  const two = scene("white", { ...apple, x: 0.2 }, { ...apple, x: 0.8 });
  expect(showsScene(two, seen({ ...two, objects: [...two.objects].reverse() }), true)).toBe(true);
  expect(showsScene(two, seen(scene("white", apple)), false)).toBe(false);
  expect(showsScene(two, seen(scene("white", ...two.objects, cat)), false)).toBe(false);
  const doubtful = seen(two);
  expect(showsScene(two, { ...doubtful, detections: doubtful.detections.map((one) => ({ ...one, score: 0.5 })) }, false)).toBe(false); // prettier-ignore
});

test("scenes are distinct by looks, numbers, background and clear moves", () => {
  for (const other of [
    scene("black", apple, cat),
    scene("white", apple),
    scene("white", apple, cat, cat),
    scene("white", apple, { ...cat, colour: "red" }),
    scene("white", apple, { ...cat, x: cat.x - 0.2 }),
  ])
    expect([areDistinct(START, other), areDistinct(other, START)], JSON.stringify(other)).toEqual([true, true]);
  expect(areDistinct(START, scene("white", cat, apple))).toBe(false);
  expect(areDistinct(START, scene("white", apple, { ...cat, x: cat.x - 0.1 }))).toBe(false);
});
