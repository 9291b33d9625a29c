import { expect, test } from "vitest";
import { Philox } from "../core/random.ts";
import { guidanceConditions, guidanceIsOn, guide, type Condition, type GuidanceRule } from "./guidance.ts";

const random = new Philox(3);
const TOKEN = 6;
const vector = () => Float64Array.from(random.fillNormal(new Float32Array(2 * TOKEN)));
const velocity: Readonly<Record<Condition, Float64Array>> = {
  full: vector(),
  images: vector(),
  none: vector(),
  "before-text": vector(),
  texts: vector(),
};

/** The guided velocity from those conditions alone that the rule asks for. */
function guided(rule: GuidanceRule, hasImages = true): Float64Array {
  const asked = guidanceConditions(rule, hasImages).map((condition) => [condition, velocity[condition]]);
  const into = new Float64Array(2 * TOKEN);
  guide(rule, { full: velocity.full, ...Object.fromEntries(asked) }, TOKEN, into);
  return into;
}

function expectClose(found: Float64Array, expected: (i: number) => number): void {
  found.forEach((value, i) => expect(value).toBeCloseTo(expected(i), 12));
}

const norm = (v: Float64Array, token?: number) =>
  Math.hypot(...(token === undefined ? v : v.slice(token * TOKEN, (token + 1) * TOKEN)));

test("Eq. 11", () => {
  const { full, images, none } = velocity;
  expectClose(
    guided({ form: "paper", text: 7.5, image: 1.5 }),
    (i) => 7.5 * (full[i]! - images[i]!) + 1.5 * (images[i]! - none[i]!) + none[i]!,
  );
});

test("equal scales are Eq. 10 and need no middle branch", () => {
  const rule = { form: "paper", text: 4, image: 4 } as const;
  expect(guidanceConditions(rule, true)).toEqual(["full", "none"]);
  expectClose(guided(rule), (i) => 4 * (velocity.full[i]! - velocity.none[i]!) + velocity.none[i]!);
});

test.each(["paper", "nested"] as const)("%s: scales of 1 are the conditional branch, bit for bit", (form) => {
  for (const hasImages of [true, false])
    for (const over of ["global", "channel", "text_channel"] as const) {
      const rule: GuidanceRule = { form, text: 1, image: 1, renormalisation: { over, least: 1 } };
      expect(guidanceConditions(rule, hasImages)).toEqual(["full"]);
      expect(guided(rule, hasImages)).toEqual(velocity.full);
    }
});

test("paper: without images in the context v(img) is v(∅), whatever γ_img", () => {
  const rule = { form: "paper", text: 7.5, image: 1.5 } as const;
  expect(guidanceConditions(rule, false)).toEqual(["full", "none"]);
  expectClose(guided(rule, false), (i) => 7.5 * (velocity.full[i]! - velocity.none[i]!) + velocity.none[i]!);
});

test("paper: γ_img = 1 needs no empty branch, which is Lance's guidance", () => {
  const rule = { form: "paper", text: 4, image: 1 } as const;
  expect(guidanceConditions(rule, true)).toEqual(["full", "images"]);
  expectClose(guided(rule), (i) => velocity.images[i]! + 4 * (velocity.full[i]! - velocity.images[i]!));
});

test("nested: first the text, then the images", () => {
  const { full, texts, "before-text": before } = velocity;
  const byText = (i: number) => before[i]! + 4 * (full[i]! - before[i]!);
  expect(guidanceConditions({ form: "nested", text: 4, image: 1 }, true)).toEqual(["full", "before-text"]);
  expectClose(guided({ form: "nested", text: 4, image: 1 }), byText);
  expect(guidanceConditions({ form: "nested", text: 1, image: 2 }, true)).toEqual(["full", "texts"]);
  expectClose(guided({ form: "nested", text: 4, image: 2 }), (i) => texts[i]! + 2 * (byText(i) - texts[i]!));
});

test.each(["paper", "nested"] as const)("%s: renormalised to the conditional length, in three ways", (form) => {
  const plain = { form, text: 5, image: 2 } as const;
  const long = guided(plain);
  expect(norm(long)).toBeGreaterThan(norm(velocity.full));
  const of = (over: "global" | "channel" | "text_channel", least = 0) =>
    guided({ ...plain, renormalisation: { over, least } });
  const factor = norm(velocity.full) / (norm(long) + 1e-8);
  expectClose(of("global"), (i) => factor * long[i]!);
  const byToken = of("channel");
  for (const token of [0, 1]) expect(norm(byToken, token)).toBeCloseTo(norm(velocity.full, token), 7);
  expectClose(of("channel", 1), (i) => long[i]!);
  expect(norm(of("channel", 0.9), 0)).toBeCloseTo(
    Math.max(0.9 * norm(long, 0), Math.min(norm(velocity.full, 0), norm(long, 0))),
    7,
  );

  // text_channel: what the text alone would give, at its length, before images guide.
  const byText = guided({ form, text: 5, image: 1, renormalisation: { over: "channel", least: 0 } });
  const { texts, images, none } = velocity;
  expectClose(of("text_channel"), (i) =>
    form === "nested" ? texts[i]! + 2 * (byText[i]! - texts[i]!) : byText[i]! + (images[i]! - none[i]!),
  );
});

test("what is no longer than the conditional velocity stays as it is, nothing too", () => {
  const rule = { form: "nested", text: 0.1, image: 1, renormalisation: { over: "global", least: 0 } } as const;
  const into = new Float64Array(2);
  guide(rule, { full: Float64Array.of(10, 0), "before-text": Float64Array.of(0, 1) }, 2, into);
  expect([...into]).toEqual([1, 0.9]);
  guide(rule, { full: into.fill(0).slice(), "before-text": into.slice() }, 2, into);
  expect([...into]).toEqual([0, 0]);
});

test("on where from < noise ≤ to, and everywhere by default", () => {
  const on = (interval: [number, number]) => [0, 0.25, 0.5, 0.75, 1].filter((t) => guidanceIsOn(t, interval));
  expect(on([0, 1])).toEqual([0, 0.25, 0.5, 0.75, 1]);
  expect(on([0.25, 0.75])).toEqual([0.25, 0.5]);
  expect(on([0.5, 1])).toEqual([0, 0.25]);
});
