import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import type { RgbImage } from "../../core/image.ts";
import { CONCEPTS } from "../../data/world/concepts.ts";
import { renderScene } from "../../data/world/render.ts";
import type { SceneObject } from "../../data/world/scene.ts";
import { CURATED_CONCEPTS } from "../../data/world/splits.ts";
import { SpriteBank } from "../../data/world/sprite-bank.ts";
import { TRAIN_STYLES } from "../../data/world/styles.ts";
import { TemplateJudge } from "./template-judge.ts";

let bank: SpriteBank;
let judge: TemplateJudge;
beforeAll(async () => {
  bank = await SpriteBank.open();
  judge = new TemplateJudge(bank);
});

function scene(background: string, ...objects: readonly Partial<SceneObject>[]): RgbImage {
  const whole = { concept: "cat", style: "noto", colour: null, x: 0.5, y: 0.5, size: 0.6 };
  return renderScene({ width: 96, height: 96, background, objects: objects.map((o) => ({ ...whole, ...o })) }, bank);
}

async function blurred({ width, height, data }: RgbImage, sigma: number): Promise<RgbImage> {
  const raw = { width, height, channels: 3 } as const;
  return { width, height, data: new Uint8Array(await sharp(data, { raw }).blur(sigma).raw().toBuffer()) };
}

/** A background on which the sprite can be seen. */
function ground(concept: string, style: string, colour: string | null): string {
  return ["white", "light blue", "blue"].find((name) => bank.stands(concept, style, colour, name)) ?? "black";
}

const names = async (image: RgbImage): Promise<string[]> => (await judge.detect(image)).map(({ concept }) => concept);

test("names at least 97% of the curated concepts' drawings, as one thing each, among all concepts", async () => {
  let right = 0;
  let total = 0;
  for (const concept of CURATED_CONCEPTS) {
    for (const style of TRAIN_STYLES) {
      const found = await judge.detect(scene(ground(concept, style, null), { concept, style }));
      total++;
      if (found.length === 1 && found[0]!.concept === concept && found[0]!.style === style) right++;
    }
  }
  expect(total).toBe(128);
  expect(right / total).toBeGreaterThanOrEqual(0.97);
});

test("recoloured sprites keep their names, and their colours are told", async () => {
  const colours = ["green", "blue", "purple", "black"];
  const concepts = CONCEPTS.filter(({ recolourable }) => recolourable).slice(0, 40);
  let [right, coloured] = [0, 0];
  for (const [i, { name: concept }] of concepts.entries()) {
    const [colour, style] = [colours[i % 4]!, TRAIN_STYLES[(i >> 2) % 4]!];
    const [found] = await judge.detect(scene("white", { concept, style, colour }));
    if (found?.concept === concept) right++;
    if (found?.colour === colour) coloured++;
  }
  expect(right).toBeGreaterThanOrEqual(39);
  expect(coloured).toBeGreaterThanOrEqual(38);
});

test("blur changes neither names nor numbers; scores fall", async () => {
  const sharpScene = scene("white", { concept: "apple", x: 0.27, size: 0.4 }, { concept: "car", x: 0.73, size: 0.4 });
  const soft = await blurred(sharpScene, 1.2);
  expect((await names(soft)).sort()).toEqual(["apple", "car"]);
  const score = async (image: RgbImage) => Math.min(...(await judge.detect(image)).map((found) => found.score));
  expect(await score(soft)).toBeLessThan(await score(sharpScene));
  expect(await score(sharpScene)).toBeGreaterThan(0.9);
  expect(await score(sharpScene)).toBeLessThanOrEqual(1);
});

test("counts equal things that stand close", async () => {
  const places = [0.18, 0.5, 0.82].flatMap((x) => [0.3, 0.7].map((y) => ({ x, y })));
  const image = scene("light green", ...places.map((place) => ({ ...place, concept: "strawberry", size: 0.27 })));
  expect(await names(image)).toEqual(Array.from(places, () => "strawberry"));
});

test("parts of one drawing that do not touch are one thing", async () => {
  // Sails and hull; ears, eyes and nose on white; rays.
  for (const [concept, style] of [
    ["sailboat", "noto-v1"],
    ["panda", "noto"],
    ["sun", "twemoji"],
  ] as const)
    expect(await names(scene("white", { concept, style }))).toEqual([concept]);
});

test("boxes are where the things are", async () => {
  const [found] = await judge.detect(scene("white", { concept: "basketball", x: 0.3, y: 0.6, size: 0.5 }));
  const { x, y, width, height } = found!.box;
  expect(x + width / 2).toBeCloseTo(0.3 * 96, -0.5);
  expect(y + height / 2).toBeCloseTo(0.6 * 96, -0.5);
  expect(width).toBeGreaterThan(40);
  expect(width).toBeLessThanOrEqual(48);
});

test("only the given concepts and styles are known", async () => {
  const concepts = CONCEPTS.filter(({ name }) => name === "apple" || name === "car");
  const small = new TemplateJudge(bank, { concepts, styles: ["twemoji"] });
  const [found] = await small.detect(scene("white", { concept: "apple", style: "noto" }));
  expect([found?.concept, found?.style]).toEqual(["apple", "twemoji"]);
  expect(() => new TemplateJudge(bank, { concepts: [] })).toThrow("no style draws any of the concepts");
});

test("an empty picture shows nothing", async () => {
  expect(await judge.detect(scene("black"))).toEqual([]);
});
