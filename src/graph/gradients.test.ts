import { describe, expect, it } from "vitest";
import { valuesOf, type Case } from "../../tests/cases/case.ts";
import { primitiveCases } from "../../tests/cases/primitives.ts";
import { gradients } from "./gradients.ts";
import { interpret } from "./interpret.ts";
import {
  abs,
  add,
  cast,
  constant,
  detach,
  exp,
  gather,
  input,
  less,
  max,
  min,
  mul,
  reduceMax,
  reduceSum,
} from "./primitives.ts";
import { topologicalOrder, type Tensor } from "./tensor.ts";
import { checkGradient, inputsOf } from "./testing.ts";

describe.each(Object.entries<readonly Case[]>(primitiveCases))("gradient of %s", (op, cases) => {
  it.each(cases)("$name", (one) => {
    for (const sizes of one.sizes) {
      const values = valuesOf(one, sizes);
      expect(topologicalOrder([one.build(inputsOf(values))]).map((tensor) => tensor.op)).toContain(op);
      const wrt = one.wrt ?? Object.keys(values).filter((name) => values[name]!.dtype === "float");
      checkGradient(one.build, values, { wrt });
      // Rules make only the gradients that are wanted.
      if (wrt.length > 1) for (const name of wrt) checkGradient(one.build, values, { wrt: [name], directions: 1 });
    }
  });
});

describe("gradients", () => {
  const x = input("x", [3]);
  const feeds = { x: { shape: [3], data: [1, 2, 3] } };
  const at = (loss: Tensor, ...wrt: Tensor[]) =>
    interpret(gradients(loss, wrt), feeds).map(({ shape, data }) => ({ shape, data: [...data] }));
  const sum = (y: Tensor) => reduceSum(y);

  it("adds up what comes back from every use", () => {
    const square = mul(x, x);
    const cube = mul(square, x);
    expect(at(sum(add(add(cube, square), x)), x)).toEqual([{ shape: [3], data: [3 + 2 + 1, 12 + 4 + 1, 27 + 6 + 1] }]);
  });

  it("visits a shared sub-expression once", () => {
    // Sixty doublings: 2⁶⁰ paths lead back to x.
    let y = x;
    for (let i = 0; i < 60; i++) y = add(y, y);
    expect(at(sum(y), x)[0]!.data).toEqual([2 ** 60, 2 ** 60, 2 ** 60]);
    expect(topologicalOrder(gradients(sum(y), [x])).length).toBeLessThan(200);
  });

  it("are zeros where the loss does not depend on a tensor", () => {
    const other = input("other", [2, 2]);
    const outputs = gradients(sum(x), [other, x]);
    expect(outputs.map(({ shape }) => shape)).toEqual([[2, 2], [3]]);
    expect(at(sum(x), other, x)).toEqual([
      { shape: [2, 2], data: [0, 0, 0, 0] },
      { shape: [3], data: [1, 1, 1] },
    ]);
  });

  it("do not pass through detach, bools and integers", () => {
    expect(at(sum(mul(detach(x), x)), x)[0]!.data).toEqual([1, 2, 3]);
    expect(at(sum(detach(mul(x, x))), x)[0]!.data).toEqual([0, 0, 0]);
    expect(at(sum(cast(less(x, 2), "float")), x)[0]!.data).toEqual([0, 0, 0]);
    expect(at(sum(cast(cast(x, "int"), "float")), x)[0]!.data).toEqual([0, 0, 0]);
    expect(at(sum(gather(x, cast(constant([0]), "int"))), x)[0]!.data).toEqual([1, 0, 0]);
  });

  it("are taken in tensors along the way, which still pass them on", () => {
    const y = exp(x);
    const loss = sum(mul(y, y));
    const [inLoss, inY, inX] = at(loss, loss, y, x);
    expect(inLoss).toEqual({ shape: [], data: [1] });
    expect(inY!.data).toEqual([1, 2, 3].map((v) => 2 * Math.exp(v)));
    expect(inX!.data).toEqual([1, 2, 3].map((v) => 2 * Math.exp(v) * Math.exp(v)));
  });

  it("go to the first operand of a tie, and are shared among equal maxima", () => {
    expect(at(sum(max(x, 2)), x)[0]!.data).toEqual([0, 1, 1]);
    expect(at(sum(min(x, 2)), x)[0]!.data).toEqual([1, 1, 0]);
    expect(at(reduceMax(mul(x, 0)), x)[0]!.data).toEqual([0, 0, 0]);
    expect(at(reduceMax(add(abs(mul(x, 0)), detach(x))), x)[0]!.data).toEqual([0, 0, 0]);
    const flat = input("flat", [4]);
    const found = interpret(gradients(reduceMax(flat), [flat]), { flat: { shape: [4], data: [1, 5, 5, 2] } });
    expect([...found[0]!.data]).toEqual([0, 0.5, 0.5, 0]);
  });

  it("want a scalar loss", () => {
    expect(() => gradients(x, [x])).toThrow("gradients: expected a scalar float loss, found float[3]");
    expect(() => gradients(constant(1, [], "int"), [x])).toThrow("found int[]");
  });
});
