/** Schedule, interval, guidance and renormalisation against BAGEL's own sampler (tests/fixtures/guidance/make.py), in float64. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sampleFlow } from "../../src/generate/flow-sampler.ts";
import { guidanceConditions, guidanceIsOn, guide, type GuidanceRule } from "../../src/model/guidance.ts";

type Condition = "full" | "before-text" | "texts";
interface Fixture {
  readonly tokenSize: number;
  readonly noise: readonly number[];
  readonly field: Readonly<Record<Condition, { readonly factor: number; readonly offset: readonly number[] }>>;
  readonly cases: readonly {
    readonly steps: number;
    readonly shift: number;
    readonly text: number;
    readonly image: number;
    readonly interval: readonly [number, number];
    readonly renormalisation: NonNullable<GuidanceRule["renormalisation"]>;
    readonly expected: readonly number[];
  }[];
}

const path = new URL("../fixtures/guidance/bagel.json", import.meta.url);
const { tokenSize, noise, field, cases } = JSON.parse(readFileSync(path, "utf8")) as Fixture;

/** The fixture's velocity, in our time and towards data: theirs is factor · x + (1 + noise) · offset, away from it. */
function velocityOf(condition: Condition, x: Float64Array, t: number): Float64Array {
  const { factor, offset } = field[condition];
  return x.map((value, i) => -(factor * value + (1 + (1 - t)) * offset[i]!));
}

test.each(cases)("$steps times, γ $text, γ_img $image, $renormalisation", async (given) => {
  const rule: GuidanceRule = { form: "nested", ...given };
  const conditions = guidanceConditions(rule, true) as Condition[];
  const x = Float64Array.from(noise);
  let evaluations = 0;
  await sampleFlow(
    x,
    async (at, t, into) => {
      evaluations++;
      const full = velocityOf("full", at, t);
      if (!guidanceIsOn(t, given.interval)) return void into.set(full);
      const others = conditions.map((condition) => [condition, velocityOf(condition, at, t)] as const);
      guide(rule, { full, ...Object.fromEntries(others) }, tokenSize, into);
    },
    { steps: given.steps - 1, shift: given.shift, solver: "euler" }, // BAGEL's count includes the last time, which is data
  );
  expect(evaluations).toBe(given.steps - 1);
  given.expected.forEach((value, i) => expect(x[i]).toBeCloseTo(value, 11));
});
