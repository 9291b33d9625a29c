/** Support for tests of anything built on the graph: a matcher of closeness and a check of gradients. */
import { Philox } from "../core/random.ts";
import type { Dim } from "./dims.ts";
import { gradients } from "./gradients.ts";
import { interpret, type Feed, type Value } from "./interpret.ts";
import { input, mul, reduceSum } from "./primitives.ts";
import type { DType, Tensor } from "./tensor.ts";

export interface Tolerance {
  /** Allowed difference as a part of the expected magnitude. */
  readonly relative?: number;
  readonly absolute?: number;
}

/**
 * Throws an Error naming the worst element unless |actual − expected| ≤ absolute + relative · |expected| everywhere.
 * Where both have shapes, these must agree. NaN is close to nothing, an infinity to itself.
 */
export function closeTo(actual: Values, expected: Values, tolerance: Tolerance = {}): void {
  const { relative = 0, absolute = 0 } = tolerance;
  const shape = shapeOf(expected) ?? shapeOf(actual);
  if (shapeOf(actual) && shapeOf(expected) && String(shapeOf(actual)) !== String(shapeOf(expected)))
    throw new Error(`closeTo: expected shape [${shapeOf(expected)}], found [${shapeOf(actual)}]`);
  const [a, e] = [dataOf(actual), dataOf(expected)];
  if (a.length !== e.length) throw new Error(`closeTo: expected ${e.length} values, found ${a.length}`);
  let worst = { at: -1, excess: 0 };
  let outside = 0;
  for (let i = 0; i < e.length; i++) {
    if (a[i] === e[i]) continue;
    const difference = Math.abs(a[i]! - e[i]!);
    const allowed = absolute + relative * Math.abs(e[i]!);
    if (difference <= allowed && difference < Infinity) continue;
    outside++;
    // NaN differs most of all.
    const excess = difference - allowed < Infinity ? difference - allowed : Infinity;
    if (excess >= worst.excess) worst = { at: i, excess };
  }
  if (outside === 0) return;
  throw new Error(
    `closeTo: ${outside} of ${e.length} values are off; the worst, at ${place(worst.at, shape)}: ` +
      `expected ${e[worst.at]}, found ${a[worst.at]} (off by ${Math.abs(a[worst.at]! - e[worst.at]!)}, ` +
      `allowed relative ${relative}, absolute ${absolute})`,
  );
}
type Values = ArrayLike<number> | Feed;

function dataOf(values: Values): ArrayLike<number> {
  return "data" in values ? values.data : values;
}

function shapeOf(values: Values): readonly number[] | undefined {
  return "data" in values ? values.shape : undefined;
}

function place(flat: number, shape: readonly number[] | undefined): string {
  if (!shape) return String(flat);
  let rest = flat;
  const index = shape.toReversed().map((size) => {
    const entry = rest % size;
    rest = (rest - entry) / size;
    return entry;
  });
  return `[${index.toReversed().join(", ")}]`;
}

/** An actual input of a test: `dims` where sizes are to be symbolic, and a kind where it is not float. */
export interface TestInput extends Feed {
  readonly dims?: readonly Dim[];
  readonly dtype?: DType;
}

/** Graph inputs of these names, shapes and kinds. */
export function inputsOf<K extends string>(values: Readonly<Record<K, TestInput>>): Record<K, Tensor> {
  return Object.fromEntries(
    Object.entries<TestInput>(values).map(([name, { dims, shape, dtype }]) => [
      name,
      input(name, dims ?? shape, dtype),
    ]),
  ) as Record<K, Tensor>;
}

/** A scalar that depends on every element of `y`: its inner product with an input of this name. */
export function projected(y: Tensor, name = "projection"): Tensor {
  return reduceSum(mul(y, input(name, y.shape)));
}

export interface GradientCheck {
  /** Inputs to differentiate in; default: all that are float. */
  readonly wrt?: readonly string[];
  readonly seed?: number;
  /** Random directions for each input. */
  readonly directions?: number;
  /** Finite difference step for directions with standard normal elements. */
  readonly step?: number;
  /** Allowed error as a part of Σ |gradient · direction|. */
  readonly relative?: number;
}

/**
 * Compares `gradients` of what `build` makes (of any shape; it is projected onto random weights) with central finite
 * differences along random directions, all in float64. Throws an Error naming the input that disagrees.
 */
export function checkGradient<K extends string>(
  build: (inputs: Record<K, Tensor>) => Tensor,
  values: Readonly<Record<K, TestInput>>,
  { wrt, seed = 1, directions = 3, step = 1e-5, relative = 1e-6 }: GradientCheck = {},
): void {
  const random = new Philox(seed);
  const tensors = inputsOf(values);
  const y = build(tensors);
  const loss = projected(y);
  const names = (wrt ?? Object.keys(values).filter((name) => tensors[name as K].dtype === "float")) as K[];
  const feeds: Record<string, Feed> = { ...values };
  feeds["projection"] = normal(random, interpret([y], feeds)[0]!.shape);
  const wanted = gradients(
    loss,
    names.map((name) => tensors[name]),
  );
  // With the loss, because its inputs are what binds the named sizes.
  const [, ...derivatives] = interpret([loss, ...wanted], feeds);
  const lossAt = (name: K, direction: Value, distance: number) => {
    const data = Float64Array.from(values[name].data, (x, i) => x + distance * direction.data[i]!);
    return interpret([loss], { ...feeds, [name]: { shape: values[name].shape, data } })[0]!.data[0]!;
  };
  names.forEach((name, i) => {
    for (let round = 0; round < directions; round++) {
      const direction = normal(random, values[name].shape);
      const found = (lossAt(name, direction, step) - lossAt(name, direction, -step)) / (2 * step);
      let expected = 0;
      let scale = 0;
      derivatives[i]!.data.forEach((derivative, j) => {
        expected += derivative * direction.data[j]!;
        scale += Math.abs(derivative * direction.data[j]!);
      });
      if (!(Math.abs(found - expected) <= relative * Math.max(scale, 1e-3)))
        throw new Error(
          `checkGradient: along direction ${round} of "${name}" the loss changes by ${found}, gradients say ${expected}`,
        );
    }
  });
}

function normal(random: Philox, shape: readonly number[]): Value {
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape: [...shape], data: Float64Array.from({ length: count }, () => random.normal()) };
}
