import { beforeAll, expect, test } from "vitest";
import { createImage, type RgbImage } from "../../../core/image.ts";
import { Philox } from "../../../core/random.ts";
import { SpriteBank } from "../../../data/world/sprite-bank.ts";
import { CROP_PLANES, cropOf } from "./crop.ts";
import { randomLabelledPicture, type LabelledPicture } from "./crop-scenes.ts";
import { labelledCrops } from "./labelled-crops.ts";

const SIDE = 32;
const WHITE = [255, 255, 255] as const;
const CAT = { concept: "cat", style: "noto" };
const DOG = { concept: "dog", style: "twemoji" };

/** Rectangles [x, y, width, height], each of an object, on white. */
function picture(labels: LabelledPicture["objects"][number]["label"][], rectangles: number[][]): LabelledPicture {
  const image = createImage(96, 96);
  image.data.fill(255);
  const owners = new Int8Array(96 * 96).fill(-1);
  const areas = labels.map(() => 0);
  for (const [owner, x0, y0, width, height] of rectangles as [number, number, number, number, number][])
    for (let y = y0; y < y0 + height; y++)
      for (let x = x0; x < x0 + width; x++) {
        owners[y * 96 + x] = owner;
        areas[owner]!++;
        image.data.set([200, 30, 30], 3 * (y * 96 + x));
      }
  return { image, owners, objects: labels.map((label, i) => ({ label, area: areas[i]! })) };
}

const labelsOf = (made: LabelledPicture, image: RgbImage = made.image) =>
  labelledCrops(made, image, SIDE).map(({ label }) => label);

test("an object by itself has its name, an impostor none", () => {
  expect(
    labelsOf(
      picture(
        [CAT, null],
        [
          [0, 10, 10, 30, 30],
          [1, 60, 60, 20, 20],
        ],
      ),
    ),
  ).toEqual([CAT, null]);
});

test("objects that touch are nothing that has a name", () => {
  expect(
    labelsOf(
      picture(
        [CAT, DOG],
        [
          [0, 10, 10, 30, 30],
          [1, 40, 10, 30, 30],
        ],
      ),
    ),
  ).toEqual([null]);
});

test("parts that lie apart are the object together; one of less than a half is nothing by itself", () => {
  const three = picture([CAT], [[0, 5, 40, 20, 20], [0, 35, 40, 20, 20], [0, 65, 40, 20, 20]]); // prettier-ignore
  expect(labelsOf(three)).toEqual([CAT, null]);
  const crumbled = picture([CAT], [[0, 5, 20, 40, 40], [0, 60, 40, 10, 10]]); // prettier-ignore
  expect(labelsOf(crumbled)).toEqual([CAT, null]);
});

test("of an object that is mostly gone nothing is said", () => {
  const whole = picture([CAT], [[0, 10, 10, 30, 30]]);
  const left = picture([CAT], [[0, 10, 10, 30, 18]]);
  expect(labelsOf(whole, left.image)).toEqual([]);
});

test("a crop shows its component alone, centred, on the background", () => {
  const { image } = picture(
    [CAT, DOG],
    [
      [0, 10, 10, 40, 20],
      [1, 52, 12, 8, 8],
    ],
  );
  const mask = new Uint8Array(800).fill(1);
  const planes = cropOf(image, WHITE, { box: { x: 10, y: 10, width: 40, height: 20 }, area: 800, mask }, SIDE);
  expect(planes.length).toBe(CROP_PLANES * SIDE * SIDE);
  const at = (plane: number, x: number, y: number) => planes[plane * SIDE * SIDE + y * SIDE + x]!;
  expect([at(0, 16, 16), at(1, 16, 16), at(3, 16, 16)]).toEqual([200, 30, 255].map((v) => Math.fround(v / 127.5 - 1)));
  // The dog, to the right, is left out; the longer side takes 28 of 32 pixels, the other one half of that.
  const seen = (line: readonly number[]) => line.filter((value) => value > 0).length;
  expect(seen(Array.from({ length: SIDE }, (_, x) => at(3, x, 16)))).toBe(28);
  expect(seen(Array.from({ length: SIDE }, (_, y) => at(3, 16, y)))).toBe(14);
});

let bank: SpriteBank;
beforeAll(async () => {
  bank = await SpriteBank.open();
});

test("random pictures are functions of their seed, show named things and impostors, and own what differs from the ground", () => {
  const pictures = Array.from({ length: 30 }, (_, i) => randomLabelledPicture(new Philox(3, i), 64, bank));
  expect(randomLabelledPicture(new Philox(3, 7), 64, bank)).toEqual(pictures[7]);
  const objects = pictures.flatMap((made) => made.objects);
  const named = objects.filter(({ label }) => label !== null).length / objects.length;
  expect(named).toBeGreaterThan(0.5);
  expect(named).toBeLessThan(0.9);
  for (const made of pictures) {
    expect(made.objects.length).toBeLessThanOrEqual(6);
    const owned = made.owners.filter((owner) => owner >= 0).length;
    expect(made.objects.reduce((sum, { area }) => sum + area, 0)).toBeLessThanOrEqual(owned);
  }
  const crops = pictures.flatMap((made) => labelledCrops(made, made.image, SIDE));
  expect(crops.length).toBeGreaterThan(30);
  expect(crops.every(({ planes }) => planes.every((value) => value >= -1 && value <= 1))).toBe(true);
});
