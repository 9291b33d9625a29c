import { Philox } from "../../src/core/random.ts";
import { evaluateShape, symbol, type Dim } from "../../src/graph/dims.ts";
import type { DType, Tensor } from "../../src/graph/tensor.ts";
import type { TestInput } from "../../src/graph/testing.ts";

/** A small graph with everything needed to run, differentiate and compare it. */
export interface Case {
  readonly name: string;
  readonly inputs: Readonly<Record<string, CaseInput>>;
  /** Values of the named sizes; a case runs once for each entry. */
  readonly sizes: readonly Readonly<Record<string, number>>[];
  readonly build: (inputs: Record<string, Tensor>) => Tensor;
  /** Inputs to differentiate in; default: all that are float. */
  readonly wrt?: readonly string[];
}

export interface CaseInput {
  readonly dims: readonly Dim[];
  readonly dtype: DType;
  readonly draw: (random: Philox, sizes: ReadonlyMap<string, number>) => number;
}

export const n: Dim = symbol("n");
export const m: Dim = symbol("m");
/** Two ordinary sizes. */
export const someSizes = [
  { n: 3, m: 2 },
  { n: 5, m: 4 },
];
/** Also no rows at all: a cache that is still empty, a batch without images. */
const allSizes = [...someSizes, { n: 0, m: 2 }];

export function define(
  name: string,
  inputs: Readonly<Record<string, CaseInput>>,
  build: Case["build"],
  rest: Partial<Pick<Case, "sizes" | "wrt">> = {},
): Case {
  const symbolic = Object.values(inputs).some(({ dims }) => dims.some((dim) => typeof dim !== "number"));
  return { name, inputs, build, sizes: symbolic ? allSizes : [{}], ...rest };
}

/** Standard normal elements. */
export function float(...dims: Dim[]): CaseInput {
  return { dims, dtype: "float", draw: (random) => random.normal() };
}

/** Elements in [0.5, 2). */
export function positive(...dims: Dim[]): CaseInput {
  return { dims, dtype: "float", draw: (random) => 0.5 + 1.5 * random.uniform() };
}

/** Elements of either sign, at least 0.2 away from 0. */
export function awayFromZero(...dims: Dim[]): CaseInput {
  return { dims, dtype: "float", draw: (random) => (random.int(2) === 0 ? -1 : 1) * (0.2 + random.uniform()) };
}

/** Whole numbers in [low, high). */
export function int(low: number, high: number, ...dims: Dim[]): CaseInput {
  return { dims, dtype: "int", draw: (random) => low + random.int(high - low) };
}

/** Codes of quantised weights. */
export function byte(...dims: Dim[]): CaseInput {
  return { dims, dtype: "byte", draw: (random) => random.int(256) };
}

/** Few different float values, so that some are equal. */
export function coarse(...dims: Dim[]): CaseInput {
  return { dims, dtype: "float", draw: (random) => random.int(3) - 1 };
}

export function bool(...dims: Dim[]): CaseInput {
  return { dims, dtype: "bool", draw: (random) => random.int(2) };
}

/** Values for a case's inputs; they are float32 numbers, so that every precision reads the same. */
export function valuesOf(
  { name, inputs }: Case,
  sizes: Readonly<Record<string, number>>,
  seed = 1,
): Record<string, TestInput> {
  const bound = new Map(Object.entries(sizes));
  const stream = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 2 ** 40, 7);
  const random = new Philox(seed, stream);
  return Object.fromEntries(
    Object.entries(inputs).map(([key, { dims, dtype, draw }]) => {
      const shape = evaluateShape(dims, bound);
      const count = shape.reduce((product, size) => product * size, 1);
      const data = Float64Array.from({ length: count }, () => Math.fround(draw(random, bound)));
      return [key, { shape, data, dims, dtype }];
    }),
  );
}
