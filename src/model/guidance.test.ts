import { expect, test } from "vitest";
import { Philox } from "../core/random.ts";
import { combineVelocities, guidanceBranches, renormalise, type GuidanceScales } from "./guidance.ts";

const random = new Philox(3);
const vector = () => random.fillNormal(new Float32Array(12));
const velocity = { full: vector(), images: vector(), none: vector() };

/** The guided velocity as the program makes it: only the branches that take part are looked at. */
function guided(scales: GuidanceScales, hasImages: boolean): number[] {
  const branches = guidanceBranches(scales, hasImages);
  const stacked = new Float32Array(12 * branches.length);
  branches.forEach(({ condition }, i) => stacked.set(velocity[condition], 12 * i));
  const into = new Float32Array(12);
  combineVelocities(
    stacked,
    branches.map(({ weight }) => weight),
    into,
  );
  return [...into];
}

function expectClose(found: readonly number[], expected: (i: number) => number): void {
  found.forEach((value, i) => expect(value).toBeCloseTo(expected(i), 5));
}

test("Eq. 11", () => {
  const { full, images, none } = velocity;
  expectClose(
    guided({ text: 7.5, image: 1.5 }, true),
    (i) => 7.5 * (full[i]! - images[i]!) + 1.5 * (images[i]! - none[i]!) + none[i]!,
  );
});

test("equal scales are Eq. 10 and need no middle branch", () => {
  const scales = { text: 4, image: 4 };
  expect(guidanceBranches(scales, true).map(({ condition }) => condition)).toEqual(["full", "none"]);
  expectClose(guided(scales, true), (i) => 4 * (velocity.full[i]! - velocity.none[i]!) + velocity.none[i]!);
});

test("scales of 1 are the conditional branch, bit for bit", () => {
  for (const hasImages of [true, false]) {
    expect(guidanceBranches({ text: 1, image: 1 }, hasImages)).toEqual([{ condition: "full", weight: 1 }]);
    expect(guided({ text: 1, image: 1 }, hasImages)).toEqual([...velocity.full]);
  }
});

test("without images in the context v(img) is v(∅), whatever γ_img", () => {
  const scales = { text: 7.5, image: 1.5 };
  expect(guidanceBranches(scales, false).map(({ condition }) => condition)).toEqual(["full", "none"]);
  expectClose(guided(scales, false), (i) => 7.5 * (velocity.full[i]! - velocity.none[i]!) + velocity.none[i]!);
  expect(guidanceBranches({ ...scales, form: "nested" }, false)).toEqual(guidanceBranches(scales, false));
});

test("γ_img = 1 needs no empty branch", () => {
  expect(guidanceBranches({ text: 7.5, image: 1 }, true).map(({ condition }) => condition)).toEqual(["full", "images"]);
});

test("nested form", () => {
  const { full, images, none } = velocity;
  expectClose(
    guided({ text: 4, image: 1.5, form: "nested" }, true),
    (i) => none[i]! + 1.5 * (images[i]! + 4 * (full[i]! - images[i]!) - none[i]!),
  );
});

test("renormalisation gives the conditional branch's length, over the image or each token", () => {
  const norm = (v: ArrayLike<number>, start: number, size: number) =>
    Math.hypot(...Array.from(v).slice(start, start + size));
  const long = velocity.full.map((x, i) => x * (i < 6 ? 3 : 1.5));
  const overImage = long.slice();
  renormalise(overImage, velocity.full, 6, { over: "image", least: 0 });
  expect(norm(overImage, 0, 12)).toBeCloseTo(norm(velocity.full, 0, 12), 5);
  expect(overImage[0]! / overImage[6]!).toBeCloseTo((2 * velocity.full[0]!) / velocity.full[6]!, 5);
  const overToken = long.slice();
  renormalise(overToken, velocity.full, 6, { over: "token", least: 0 });
  expectClose([...overToken], (i) => velocity.full[i]!);
  const bounded = long.slice();
  renormalise(bounded, velocity.full, 6, { over: "token", least: 0.5 });
  expect(norm(bounded, 0, 6)).toBeCloseTo(1.5 * norm(velocity.full, 0, 6), 5);
  expect(norm(bounded, 6, 6)).toBeCloseTo(norm(velocity.full, 6, 6), 5);
  // Shorter ones stay as they are.
  const short = velocity.full.map((x) => x / 2);
  const before = [...short];
  renormalise(short, velocity.full, 6, { over: "token", least: 0 });
  expect([...short]).toEqual(before);
});
