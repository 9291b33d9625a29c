import { describe, expect, it } from "vitest";
import { symbol } from "./dims.ts";
import { cast, detach, exp, less, mul, reduceSum, where } from "./primitives.ts";
import { checkGradient, closeTo } from "./testing.ts";

describe("closeTo", () => {
  it("accepts what lies within the tolerance", () => {
    closeTo([1, 100, -Infinity, 0], [1.01, 101, -Infinity, 0.005], { relative: 0.01, absolute: 0.005 });
    closeTo({ shape: [1, 2], data: [1, 2] }, { shape: [1, 2], data: [1, 2] });
    closeTo([], []);
  });
  it.each<[string, () => void, string]>([
    [
      "the worst element",
      () =>
        closeTo({ shape: [2, 2], data: [1, 2, 3, 5.5] }, { shape: [2, 2], data: [1, 2.5, 3, 4] }, { absolute: 0.1 }),
      "closeTo: 2 of 4 values are off; the worst, at [1, 1]: expected 4, found 5.5 (off by 1.5, allowed relative 0, absolute 0.1)",
    ],
    [
      "NaN",
      () => closeTo([1, NaN, 9], [1, 2, 3], { absolute: 1 }),
      "2 of 3 values are off; the worst, at 1: expected 2, found NaN",
    ],
    ["an expected NaN", () => closeTo([1], [NaN], { absolute: 1 }), "expected NaN, found 1"],
    ["an infinity", () => closeTo([1], [Infinity], { relative: 1, absolute: 1 }), "expected Infinity, found 1"],
    ["other lengths", () => closeTo([1], [1, 2]), "closeTo: expected 2 values, found 1"],
    [
      "other shapes",
      () => closeTo({ shape: [2], data: [1, 2] }, { shape: [1, 2], data: [1, 2] }),
      "expected shape [1,2], found [2]",
    ],
  ])("names %s", (_, compare, message) => expect(compare).toThrow(message));
});

describe("checkGradient", () => {
  const x = { shape: [3], data: [0.3, -0.7, 1.1] };
  it("accepts right gradients, also of symbolic sizes", () => {
    const sized = { ...x, dims: [symbol("n")] };
    checkGradient(({ x: tensor }) => reduceSum(exp(tensor)), { x });
    checkGradient(({ a, b }) => mul(a, exp(b)), { a: sized, b: sized });
  });
  it("leaves out inputs that are not float and those that were not named", () => {
    const flags = { shape: [3], data: [1, 0, 1], dtype: "bool" as const };
    checkGradient(({ x: tensor, flags: chosen }) => where(chosen, tensor, 0), { x, flags });
    checkGradient(({ a, b }) => mul(a, detach(b)), { a: x, b: x }, { wrt: ["a"] });
  });
  it.each(["a", "b"])("names the input %s whose gradient is wrong", (name) => {
    // Detached, the gradient of this operand is 0; the finite difference is not.
    const build = ({ a, b }: Record<"a" | "b", Parameters<typeof exp>[0]>) =>
      name === "a" ? mul(detach(exp(a)), b) : mul(a, detach(exp(b)));
    expect(() => checkGradient(build, { a: x, b: x })).toThrow(`along direction 0 of "${name}" the loss changes by`);
  });
  it("rejects gradients of a step", () => {
    const step = ({ x: tensor }: Record<"x", Parameters<typeof exp>[0]>) => cast(less(tensor, 0), "float");
    expect(() => checkGradient(step, { x: { shape: [1], data: [1e-7] } })).toThrow("gradients say 0");
  });
});
