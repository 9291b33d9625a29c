import { expect, test } from "vitest";
import { Philox } from "../core/random.ts";
import { sampleToken } from "./text-sampler.ts";

const logits = Float32Array.from([0.1, 2, 5, 1.5, 5, -3].map((p) => p));
const all = [0, 1, 2, 3, 4, 5];

function counts(options: { temperature: number; topP: number }, allowed: readonly number[] = all, draws = 20_000) {
  const random = new Philox(11);
  const found = Array.from(logits, () => 0);
  for (let i = 0; i < draws; i++) found[sampleToken(logits, allowed, { ...options, random })]!++;
  return found.map((count) => count / draws);
}

test("greedy takes the largest allowed logit, the first of equals, and no randomness", () => {
  const random = new Philox(1);
  expect(sampleToken(logits, all, { temperature: 0, topP: 1, random })).toBe(2);
  expect(sampleToken(logits, [0, 1, 3, 4], { temperature: 0, topP: 1, random })).toBe(4);
  expect(sampleToken(logits, [0, 5], { temperature: 0, topP: 1, random })).toBe(0);
  expect(random.state().position).toBe(0);
});

test("frequencies are those of the softmax at the temperature, over the allowed tokens only", () => {
  const allowed = [0, 1, 3];
  const weights = allowed.map((id) => Math.exp(logits[id]! / 2));
  const total = weights.reduce((a, b) => a + b);
  const found = counts({ temperature: 2, topP: 1 }, allowed);
  allowed.forEach((id, i) => expect(found[id]).toBeCloseTo(weights[i]! / total, 1.7));
  expect(found[2]! + found[4]! + found[5]!).toBe(0);
});

test("top-p keeps the smallest set of likely tokens that reaches it", () => {
  // At temperature 1 the two fives hold 0.477 each.
  expect(counts({ temperature: 1, topP: 0.4 }).map((share) => share > 0)).toEqual([
    false,
    false,
    true,
    false,
    false,
    false,
  ]);
  const two = counts({ temperature: 1, topP: 0.9 });
  expect(two[2]).toBeCloseTo(0.5, 1.5);
  expect(two[2]! + two[4]!).toBe(1);
  expect(counts({ temperature: 1, topP: 0.96 }).map((share) => share > 0)).toEqual([
    false,
    true,
    true,
    false,
    true,
    false,
  ]);
});

test("the same seed draws the same tokens", () => {
  const draw = (seed: number) => {
    const random = new Philox(seed);
    return Array.from({ length: 50 }, () => sampleToken(logits, all, { temperature: 1.5, topP: 0.99, random }));
  };
  expect(draw(5)).toEqual(draw(5));
  expect(draw(5)).not.toEqual(draw(6));
});
