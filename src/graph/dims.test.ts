import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addDims,
  bindShape,
  divDims,
  evaluateDim,
  evaluateShape,
  mulDims,
  sameDim,
  sameShape,
  showShape,
  sizeOf,
  subDims,
  symbol,
  type Dim,
} from "./dims.ts";

const names = ["a", "b", "c"] as const;
const [a, b, c] = names.map(symbol) as [Dim, Dim, Dim];

/** Polynomials in three names. */
const dims: fc.Arbitrary<Dim> = fc.letrec<{ dim: Dim }>((tie) => ({
  dim: fc.oneof(
    { maxDepth: 4 },
    fc.integer({ min: -4, max: 6 }),
    fc.constantFrom(a, b, c),
    fc.tuple(fc.constantFrom(addDims, subDims, mulDims), tie("dim"), tie("dim")).map(([f, x, y]) => f(x, y)),
  ),
})).dim;
const bindings = fc
  .tuple(...names.map(() => fc.integer({ min: 1, max: 50 })))
  .map((values) => new Map(names.map((name, i) => [name, values[i]!])));

describe("sizes", () => {
  it("evaluate to what their parts evaluate to", () => {
    fc.assert(
      fc.property(dims, dims, bindings, (x, y, sizes) => {
        const [vx, vy] = [evaluateDim(x, sizes), evaluateDim(y, sizes)];
        expect(evaluateDim(addDims(x, y), sizes)).toBe(vx + vy + 0);
        expect(evaluateDim(subDims(x, y), sizes)).toBe(vx - vy + 0);
        expect(evaluateDim(mulDims(x, y), sizes) + 0).toBe(vx * vy + 0);
      }),
    );
  });

  it("are equal however they were put together", () => {
    fc.assert(
      fc.property(dims, dims, dims, (x, y, z) => {
        expect(sameDim(addDims(x, y), addDims(y, x))).toBe(true);
        expect(sameDim(mulDims(x, y), mulDims(y, x))).toBe(true);
        expect(sameDim(addDims(addDims(x, y), z), addDims(x, addDims(y, z)))).toBe(true);
        expect(sameDim(mulDims(x, addDims(y, z)), addDims(mulDims(x, y), mulDims(x, z)))).toBe(true);
        expect(sameDim(subDims(addDims(x, y), y), x)).toBe(true);
      }),
    );
  });

  it("differ where some sizes make them differ", () => {
    fc.assert(
      fc.property(dims, dims, bindings, (x, y, sizes) => {
        fc.pre(evaluateDim(x, sizes) !== evaluateDim(y, sizes));
        expect(sameDim(x, y)).toBe(false);
      }),
    );
  });

  it("are plain numbers whenever no name is left", () => {
    fc.assert(fc.property(dims, (x) => subDims(x, x) === 0));
    expect(divDims(mulDims(a, 6), mulDims(a, 2))).toBe(3);
  });

  it("divide exactly or not at all", () => {
    const monomials = fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.subarray([a, b, c]))
      .map(([factor, list]) => list.reduce(mulDims, factor as Dim));
    fc.assert(
      fc.property(dims, monomials, bindings, (x, y, sizes) => {
        expect(sameDim(divDims(mulDims(x, y), y)!, x)).toBe(true);
        const quotient = divDims(x, y);
        if (quotient !== undefined)
          expect(evaluateDim(quotient, sizes) * evaluateDim(y, sizes) + 0).toBe(evaluateDim(x, sizes) + 0);
      }),
    );
    expect(divDims(addDims(a, 1), 2)).toBeUndefined();
    expect(divDims(a, b)).toBeUndefined();
    expect(divDims(7, 2)).toBeUndefined();
    expect(divDims(5, 0)).toBeUndefined();
  });

  it("are written so that people can read them", () => {
    expect(String(addDims(mulDims(b, mulDims(a, 2)), addDims(c, 1)))).toBe("1+2·a·b+c");
    expect(showShape([2, a, addDims(a, 1)])).toBe("[2, a, 1+a]");
    expect(() => symbol("two words")).toThrow('symbol: "two words" is not an identifier');
  });
});

describe("shapes", () => {
  it("have as many elements as the product of their sizes", () => {
    expect(sizeOf([])).toBe(1);
    expect(sameDim(sizeOf([a, 3, b]), mulDims(mulDims(3, b), a))).toBe(true);
    expect(sameShape([a, 2], [a, 2])).toBe(true);
    expect(sameShape([a, 2], [a])).toBe(false);
    expect(sameShape([a, 2], [b, 2])).toBe(false);
  });

  it("bind names, and evaluate to what bound them", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Dim>(a, b, c, 3), { maxLength: 5 }), bindings, (shape, sizes) => {
        const actual = evaluateShape(shape, sizes);
        const found = new Map<string, number>();
        bindShape(shape, actual, found, "x");
        expect(evaluateShape(shape, found)).toEqual(actual);
      }),
    );
  });

  it("say what does not fit", () => {
    const bind = (shape: Dim[], actual: number[], sizes = new Map<string, number>()) =>
      bindShape(shape, actual, sizes, 'input "x"');
    expect(() => bind([a, 2], [3])).toThrow('input "x": expected shape [a, 2], found [3]');
    expect(() => bind([a, 2], [3, 4])).toThrow('input "x": expected shape [a, 2], found [3, 4]');
    expect(() => bind([a, a], [3, 4])).toThrow('input "x": size "a" is 3 elsewhere but 4 here (axis 1)');
    expect(() => bind([a], [3], new Map([["a", 2]]))).toThrow("is 2 elsewhere but 3 here");
    expect(() => bind([a, mulDims(a, 2)], [3, 7])).toThrow("expected shape [a, 2·a], found [3, 7]");
    expect(() => evaluateShape([mulDims(a, b)], new Map([["a", 1]]))).toThrow('size "b" of a·b is not bound');
  });

  it("leave a formula alone until its names are known", () => {
    const sizes = new Map<string, number>();
    bindShape([mulDims(a, b), a], [6, 2], sizes, "x");
    expect([...sizes]).toEqual([["a", 2]]);
  });
});
