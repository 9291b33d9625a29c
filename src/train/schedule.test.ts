import { expect, test } from "vitest";
import { emaDecay } from "./ema.ts";
import { checkSchedule, learningRate, type Schedule } from "./schedule.ts";

const curve = (schedule: Schedule, steps: number) =>
  Array.from({ length: steps }, (_, step) => Number(learningRate(schedule, step, steps).toFixed(6)));

test("a warm-up rises in equal steps to the peak", () => {
  expect(curve({ kind: "constant", peak: 1, warmup: 3 }, 6)).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
  expect(curve({ kind: "constant", peak: 0.5 }, 2)).toEqual([0.5, 0.5]);
});

test("a cosine starts at the peak after the warm-up and ends above its floor by one step", () => {
  expect(curve({ kind: "cosine", peak: 1, warmup: 1 }, 5)).toEqual([0.5, 1, 0.853553, 0.5, 0.146447]);
  const floored = curve({ kind: "cosine", peak: 2, floor: 0.1 }, 1000);
  expect(floored[0]).toBe(2);
  expect(floored[999]).toBeCloseTo(0.2, 4);
});

test("WSD is constant, then linear to its floor", () => {
  expect(curve({ kind: "wsd", peak: 1, warmup: 1, decay: 4 }, 8)).toEqual([0.5, 1, 1, 1, 1, 0.75, 0.5, 0.25]);
  expect(curve({ kind: "wsd", peak: 1, decay: 2, floor: 0.5 }, 4)).toEqual([1, 1, 1, 0.75]);
});

test("more steps change nothing before the decay of the shorter run", () => {
  const schedule: Schedule = { kind: "wsd", peak: 1, warmup: 2, decay: 3 };
  expect(curve(schedule, 20).slice(0, 7)).toEqual(curve(schedule, 10).slice(0, 7));
});

test("warm-up and decay must fit", () => {
  expect(() => checkSchedule({ kind: "wsd", peak: 1, warmup: 6, decay: 5 }, 10)).toThrow(/11 steps.*10 in all/);
  expect(() => checkSchedule({ kind: "wsd", peak: 1, warmup: 5, decay: 5 }, 10)).not.toThrow();
  expect(() => checkSchedule({ kind: "constant", peak: 1, warmup: 50 }, 10)).not.toThrow();
});

test("the moving average forgets quickly at first", () => {
  expect(emaDecay(0.9999, 0)).toBeCloseTo(0.1);
  expect(emaDecay(0.9999, 90)).toBeCloseTo(0.91);
  expect(emaDecay(0.5, 90)).toBe(0.5);
});
