/** The oracle itself, against numbers worked out by hand. */
import { describe, expect, it } from "vitest";
import { mulDims, symbol } from "./dims.ts";
import { interpret, type Feed } from "./interpret.ts";
import {
  add,
  cast,
  constant,
  conv2d,
  conv2dTranspose,
  div,
  equal,
  gather,
  gemm,
  input,
  matmul,
  matmulNBits,
  max,
  not,
  pad,
  place,
  pick,
  reduceMax,
  reduceMean,
  reduceSum,
  reshape,
  rmsNorm,
  scatterAdd,
  sigmoid,
  slice,
  softmax,
  standardize,
  transpose,
  where,
} from "./primitives.ts";
import { createTensor, type Tensor } from "./tensor.ts";
import { closeTo } from "./testing.ts";

const n = symbol("n");
const row = (...values: number[]) => constant(values);
const matrix = (...rows: number[][]) => constant(rows.flat(), [rows.length, rows[0]!.length]);
const ids = (...values: number[]) => constant(values, [values.length], "int");
const image = (...rows: number[][]) => reshape(matrix(...rows), [1, 1, rows.length, rows[0]!.length]);
const a = matrix([1, 2], [3, 4]);
const b = matrix([5, 6], [7, 8]);

const results: [string, Tensor, number[], number[]][] = [
  ["add, broadcasting", add(row(10, 20), matrix([1], [2])), [2, 2], [11, 21, 12, 22]],
  ["max", max(row(1, -2), 0), [2], [1, 0]],
  ["integer division", div(ids(7, -7, 7), ids(2, 2, -2)), [3], [3, -3, -3]],
  ["casts towards zero", cast(cast(row(1.9, -1.9, 0.5), "int"), "float"), [3], [1, -1, 0]],
  ["bools", cast(not(equal(ids(1, 2), ids(1, 3))), "float"), [2], [0, 1]],
  ["where", where(equal(ids(1, 2), 1), row(5, 6), 9), [2], [5, 9]],
  ["sigmoid", sigmoid(row(0, Math.log(3))), [2], [0.5, 0.75]],
  ["matmul", matmul(a, b), [2, 2], [19, 22, 43, 50]],
  ["matmul in batches", matmul(reshape(a, [2, 1, 2]), b), [2, 1, 2], [19, 22, 43, 50]],
  ["gemm, the first transposed", gemm(a, b, { transA: true }), [2, 2], [26, 30, 38, 44]],
  [
    "gemm, the second transposed, and a row",
    gemm(a, b, { transB: true, c: row(100, 200) }),
    [2, 2],
    [117, 223, 139, 253],
  ],
  [
    "matmulNBits of 8 bits: scales [2, 10] of two blocks",
    matmulNBits(matrix([1, 2, 3, 4]), constant([129, 130, 127, 0], [1, 2, 2], "byte"), matrix([2, 10]), 8),
    [1, 1],
    [2 * (1 * 1 + 2 * 2) + 10 * (3 * -1 + 4 * -128)],
  ],
  [
    "matmulNBits of 4 bits, the low half first, and a row",
    matmulNBits(matrix([1, 2], [0, 1]), constant([0xf9, 0x08], [2, 1, 1], "byte"), matrix([1], [0.5]), 4, row(0, 100)),
    [2, 2],
    [1 * 1 + 2 * 7, 100 + 0.5 * (2 * -8), 7, 100 + 0.5 * -8],
  ],
  [
    "conv2d",
    conv2d(image([1, 2, 3], [4, 5, 6], [7, 8, 9]), image([1, 10], [100, 1000]), { stride: 1, pads: [0, 0, 0, 0] }),
    [1, 1, 2, 2],
    [5421, 6532, 8754, 9865],
  ],
  [
    "conv2d of stride 2 padded below and right",
    conv2d(image([1, 2, 3], [4, 5, 6], [7, 8, 9]), image([1, 10], [100, 1000]), { stride: 2, pads: [0, 0, 1, 1] }),
    [1, 1, 2, 2],
    [5421, 603, 87, 9],
  ],
  [
    "conv2dTranspose",
    conv2dTranspose(image([1, 2]), image([1, 10], [100, 1000]), { stride: 2, pads: [0, 0, 1, 0], height: 1, width: 4 }),
    [1, 1, 1, 4],
    [1, 10, 2, 20],
  ],
  ["reduceSum", reduceSum(a, [0]), [2], [4, 6]],
  ["reduceMean", reduceMean(a), [], [2.5]],
  ["reduceMax", reduceMax(a, [1], true), [2, 1], [2, 4]],
  ["transpose", transpose(matrix([1, 2, 3], [4, 5, 6]), [1, 0]), [3, 2], [1, 4, 2, 5, 3, 6]],
  ["slice backwards", slice(row(0, 1, 2, 3, 4), 0, 4, 0, -2), [2], [4, 2]],
  ["pad", pad(a, 1, 1, 0), [2, 3], [0, 1, 2, 0, 3, 4]],
  ["gather", gather(a, ids(1, 1, 0)), [3, 2], [3, 4, 3, 4, 1, 2]],
  ["scatterAdd", scatterAdd(ids(2, 0, 2), row(1, 10, 100), 4), [4], [10, 0, 101, 0]],
  ["pick", pick(a, reshape(ids(1, 0), [2, 1])), [2, 1], [2, 3]],
  ["place", place(reshape(ids(1, 0), [2, 1]), matrix([7], [8]), 3), [2, 3], [0, 7, 0, 8, 0, 0]],
  ["softmax", softmax(row(1000, 1000 + Math.log(3))), [2], [0.25, 0.75]],
  ["rmsNorm", rmsNorm(matrix([3, 4]), row(1, 10), 0.5), [1, 2], [3 / Math.sqrt(13), 40 / Math.sqrt(13)]],
  ["standardize", standardize(matrix([1, 5]), 12), [1, 2], [-0.5, 0.5]],
];

describe("interpret", () => {
  it.each(results)("%s", (_, tensor, shape, data) => {
    const found = interpret([tensor], {})[0]!;
    expect(found.shape).toEqual(shape);
    closeTo(found, { shape, data }, { relative: 1e-12 });
  });

  it("binds named sizes from the feeds and returns copies", () => {
    const x = input("x", [n, 2]);
    const data = Float64Array.of(1, 2, 3, 4);
    const [same, flat] = interpret([x, reshape(x, [mulDims(n, 2)])], { x: { shape: [2, 2], data } });
    expect(flat!.shape).toEqual([4]);
    same!.data[0] = 9;
    expect([data[0], flat!.data[0]]).toEqual([1, 1]);
  });
});

describe("interpret names", () => {
  const x = input("x", [n, 2]);
  const feed = (shape: number[], ...data: number[]): Feed => ({ shape, data });
  it.each<[string, () => unknown, string]>([
    [
      "an input without data",
      () => interpret([x], { y: feed([1], 1) }),
      'input "x" (float[n, 2]) is not fed; fed are "y"',
    ],
    ["an input without data where nothing is fed", () => interpret([x], {}), "is not fed; nothing is fed"],
    [
      "a name that objects inherit",
      () => interpret([input("toString", [])], {}),
      'input "toString" (float[]) is not fed',
    ],
    ["a wrong rank", () => interpret([x], { x: feed([2], 1, 2) }), 'input "x": expected shape [n, 2], found [2]'],
    ["too few values", () => interpret([x], { x: feed([2, 2], 1) }), 'input "x": 1 values do not fill the shape [2,2]'],
    [
      "sizes that disagree",
      () => interpret([x, input("y", [n])], { x: feed([1, 2], 1, 2), y: feed([2], 1, 2) }),
      'input "y": size "n" is 1 elsewhere but 2 here (axis 0)',
    ],
    [
      "a formula that a later input breaks",
      () => interpret([input("y", [mulDims(n, 2)]), x], { y: feed([3], 1, 2, 3), x: feed([1, 2], 1, 2) }),
      'input "y": expected shape [2·n], found [3]',
    ],
    [
      "integers with fractions",
      () => interpret([input("i", [2], "int")], { i: feed([2], 1, 1.5) }),
      'input "i": expected int values, found 1.5 at 1',
    ],
    [
      "bools that are numbers",
      () => interpret([input("i", [2], "bool")], { i: feed([2], 1, 2) }),
      'input "i": expected bool values, found 2 at 1',
    ],
    ["ids outside a table", () => interpret([gather(a, ids(0, 2))], {}), "gather float[2, 2]: id 2 is outside 0 … 1"],
    ["negative ids", () => interpret([pick(a, reshape(ids(-1, 0), [2, 1]))], {}), "pick float[2, 1]: id -1 is outside"],
    ["division of integers by 0", () => interpret([div(ids(1), 0)], {}), "div int[1]: an integer is divided by 0"],
    [
      "a symbolic slice past the end",
      () => interpret([slice(row(1, 2), 0, 0, n), x], { x: feed([3, 2], 1, 2, 3, 4, 5, 6) }),
      "slice float[n]: 0:3:1 leaves the 2 elements of axis 0",
    ],
    [
      "a node whose shape is not what its operation makes",
      () => interpret([createTensor("neg", [a], {}, [4], "float")], {}),
      "interpret: neg float[4]: expected shape [4], found [2,2]",
    ],
  ])("%s", (_, run, message) => expect(run).toThrow(message));
});
