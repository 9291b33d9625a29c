import { describe, expect, it } from "vitest";
import { addDims, mulDims, showShape, symbol } from "./dims.ts";
import {
  add,
  and,
  broadcastTo,
  cast,
  concat,
  constant,
  conv2d,
  conv2dTranspose,
  equal,
  exp,
  gather,
  gemm,
  input,
  less,
  matmul,
  matmulNBits,
  not,
  pad,
  pick,
  place,
  reduceSum,
  reshape,
  rmsNorm,
  scatterAdd,
  slice,
  softmax,
  transpose,
  where,
} from "./primitives.ts";
import type { Tensor } from "./tensor.ts";

const n = symbol("n");
const m = symbol("m");
const x = (...shape: Parameters<typeof input>[1]) => input("x", shape);
const ids = (...shape: Parameters<typeof input>[1]) => input("ids", shape, "int");
const bytes = (...shape: Parameters<typeof input>[1]) => input("bytes", shape, "byte");
const flags = (...shape: Parameters<typeof input>[1]) => input("flags", shape, "bool");
const shapeOf = (tensor: Tensor) => `${tensor.dtype}${showShape(tensor.shape)}`;
const noPads = [0, 0, 0, 0] as const;

/** A graph, and the kind and shape it must have or the words of its error. */
const shapes: [string, () => Tensor, string][] = [
  ["a scalar", () => constant(3), "float[]"],
  ["a list", () => constant([1, 2, 3], undefined, "int"), "int[3]"],
  ["broadcasting", () => add(x(n, 1, 4), x(3, 1)), "float[n, 3, 4]"],
  ["a number for an operand", () => add(ids(n), 1), "int[n]"],
  ["a comparison", () => less(x(n, 4), 0), "bool[n, 4]"],
  ["a choice", () => where(flags(n, 1), x(4), 0), "float[n, 4]"],
  ["matrix products in batches", () => matmul(x(m, 1, n, 3), x(5, 3, 2)), "float[m, 5, n, 2]"],
  ["a product with 4-bit weights", () => matmulNBits(x(n, 64), bytes(3, 4, 8), x(3, 4), 4), "float[n, 3]"],
  ["a transposed product", () => gemm(x(3, n), x(m, 3), { transA: true, transB: true }), "float[n, m]"],
  ["a convolution", () => conv2d(x(n, 3, 8, 6), x(5, 3, 3, 3), { stride: 1, pads: [1, 1, 1, 1] }), "float[n, 5, 8, 6]"],
  [
    "one of stride 2",
    () => conv2d(x(n, 3, 8, 7), x(5, 3, 3, 3), { stride: 2, pads: [0, 0, 1, 1] }),
    "float[n, 5, 4, 3]",
  ],
  [
    "one of symbolic images",
    () => conv2d(x(1, 3, mulDims(2, n), m), x(5, 3, 3, 1), { stride: 1, pads: [1, 0, 1, 0] }),
    "float[1, 5, 2·n, m]",
  ],
  [
    "one of stride 2 of symbolic images",
    () => conv2d(x(1, 3, mulDims(2, n), mulDims(2, m)), x(5, 3, 3, 3), { stride: 2, pads: [0, 0, 1, 1] }),
    "float[1, 5, n, m]",
  ],
  ["a sum over everything", () => reduceSum(x(n, 4)), "float[]"],
  ["a sum over some axes", () => reduceSum(x(n, 4, m), [0, -1]), "float[4]"],
  ["a sum that keeps its axes", () => reduceSum(x(n, 4, m), [0, -1], true), "float[1, 4, 1]"],
  ["what is left over of a shape", () => reshape(x(n, m, 6), [-1, 3]), "float[2·m·n, 3]"],
  ["a transposition", () => transpose(x(n, 2, m), [2, 0, 1]), "float[m, n, 2]"],
  ["a repetition", () => broadcastTo(x(3, 1), [m, 3, n]), "float[m, 3, n]"],
  ["a concatenation", () => concat([x(n, 2), x(m, 2), x(1, 2)], 0), "float[1+m+n, 2]"],
  ["a slice", () => slice(x(10), 0, 2, 9, 3), "float[3]"],
  ["a slice of a symbolic axis", () => slice(x(addDims(n, m)), 0, n), "float[m]"],
  ["every second of a symbolic axis", () => slice(x(mulDims(2, n)), 0, 1, undefined, 2), "float[n]"],
  ["a slice backwards", () => slice(x(10), 0, 9, -1, -4), "float[3]"],
  ["an empty slice", () => slice(x(10), 0, 4, 4, 2), "float[0]"],
  ["padding", () => pad(x(n), -1, 2, m), "float[2+m+n]"],
  ["rows of a table", () => gather(x(100, 8), ids(n, m)), "float[n, m, 8]"],
  ["sums into rows", () => scatterAdd(ids(n, m), x(n, m, 8), 100), "float[100, 8]"],
  ["one of each row", () => pick(x(n, 5), ids(n, 1)), "float[n, 1]"],
  ["one in each row", () => place(ids(n, 1), x(n, 1), 5), "float[n, 5]"],
];

const errors: [string, () => Tensor, string | RegExp][] = [
  ["values that do not fill", () => constant([1, 2], [3]), "constant: 2 values do not fill the shape [3]"],
  [
    "sizes that do not broadcast",
    () => add(x(2, 3), x(4, 1, 2)),
    "add: [2, 3] and [4, 1, 2] do not broadcast (axis -1)",
  ],
  ["a symbolic size against a number", () => add(x(n), x(3)), "add: [n] and [3] do not broadcast (axis -1)"],
  [
    "two kinds",
    () => add(x(2), ids(2)),
    "add: expected two operands of one numeric kind, found input float[2] and input int[2]",
  ],
  ["sums of bools", () => add(flags(2), flags(2)), "add: expected two operands of one numeric kind"],
  ["a float for a condition", () => where(x(2), x(2), x(2)), "where: expected a bool condition"],
  ["not of a float", () => not(x(2)), "not: expected a bool operand, found input float[2]"],
  ["and of floats", () => and(x(2), x(2)), "and: expected two bool operands"],
  ["equal of bools", () => equal(flags(2), flags(2)), "equal: expected two operands of one numeric kind"],
  ["exp of an int", () => exp(ids(2)), "exp: expected a float operand, found input int[2]"],
  ["a vector in matmul", () => matmul(x(3), x(3, 2)), "matmul: expected two float operands of rank 2 or more"],
  [
    "inner sizes",
    () => matmul(x(2, 3), x(4, 2)),
    "matmul: expected a's last axis to equal b's last but one, found input float[2, 3] and input float[4, 2]",
  ],
  ["batches", () => matmul(x(2, 2, 3), x(5, 3, 2)), "matmul: [2] and [5] do not broadcast (axis -1)"],
  [
    "gemm's inner sizes",
    () => gemm(x(2, 3), x(3, 2), { transB: true }),
    "gemm: expected equal inner sizes (transA false, transB true)",
  ],
  [
    "codes that are no bytes",
    () => matmulNBits(x(n, 64), x(3, 4, 8), x(3, 4), 4),
    "matmulNBits: expected byte codes [n, blocks, bytes] of known sizes, found input float[3, 4, 8]",
  ],
  [
    "codes of other bits",
    () => matmulNBits(x(n, 64), bytes(3, 4, 8), x(3, 4), 8),
    "matmulNBits: expected x of 32 columns for 8-bit codes, found input float[n, 64] and input byte[3, 4, 8]",
  ],
  [
    "too few scales",
    () => matmulNBits(x(n, 64), bytes(3, 4, 8), x(3, 1), 4),
    "matmulNBits: expected float scales [3, 4], one for each block, found input float[3, 1]",
  ],
  ["sums of bytes", () => add(bytes(2), bytes(2)), "add: expected two operands of one numeric kind"],
  ["what becomes a byte", () => cast(x(2), "byte"), "cast: expected a kind other than byte to convert to"],
  ["gemm of ints", () => gemm(ids(2, 3), ids(3, 2)), "gemm: expected two float matrices"],
  [
    "gemm's row",
    () => gemm(x(2, 3), x(3, 2), { c: x(3) }),
    "gemm: expected a float row vector of size 2, found input float[3]",
  ],
  [
    "channels",
    () => conv2d(x(1, 3, 4, 4), x(2, 4, 3, 3), { stride: 1, pads: noPads }),
    "conv2d: expected equal channel counts",
  ],
  [
    "a kernel that does not fit",
    () => conv2d(x(1, 3, 2, 4), x(2, 3, 3, 3), { stride: 1, pads: noPads }),
    "conv2d: a kernel of 3 does not fit a size of 2 padded by 0",
  ],
  [
    "a stride that may leave a rest",
    () => conv2d(x(1, 1, mulDims(3, n), 3), x(1, 1, 2, 3), { stride: 4, pads: noPads }),
    /not known to fit stride 4/,
  ],
  [
    "sizes that are convolved to something else",
    () => conv2dTranspose(x(1, 2, 4, 4), x(2, 3, 3, 3), { stride: 1, pads: noPads, height: 5, width: 6 }),
    "conv2dTranspose: expected y of the shape [1, 2, 3, 4] that x [1, 3, 5, 6] is convolved to",
  ],
  ["an axis outside", () => reduceSum(x(2, 3), [2]), "reduceSum: axis 2 is outside a tensor of rank 2"],
  ["an axis named twice", () => reduceSum(x(2, 3), [1, -1]), "reduceSum: an axis is named twice in (1,-1)"],
  ["another number of elements", () => reshape(x(n, 4), [n, 5]), "reshape: [n, 4] has not as many elements as [n, 5]"],
  ["a rest that is no whole number", () => reshape(x(7), [-1, 2]), "reshape: [7] cannot become [-1, 2]"],
  ["two rests", () => reshape(x(4), [-1, -1]), "reshape: only one size may be left over, found [-1, -1]"],
  ["no permutation", () => transpose(x(2, 3), [0, 0]), "transpose: expected a permutation of the axes, not (0,0)"],
  ["a repetition of several", () => broadcastTo(x(2), [4]), "broadcastTo: [2] and [4] do not broadcast"],
  ["a repetition to less", () => broadcastTo(x(4), [1]), "broadcastTo: [4] does not broadcast to [1]"],
  ["no parts", () => concat([], 0), "concat: expected at least one operand, found none"],
  [
    "parts of other widths",
    () => concat([x(2, 3), x(2, 4)], 0),
    "concat: expected operands equal but for axis 0, found input float[2, 3] and input float[2, 4]",
  ],
  [
    "a slice past the end",
    () => slice(x(4), 0, 2, 5),
    "slice: expected bounds inside axis 0, not 2:5:1, found input float[4]",
  ],
  [
    "a slice that ends before it starts",
    () => slice(x(4), 0, 3, 2, 2),
    "slice: expected bounds inside axis 0, not 3:2:2",
  ],
  [
    "a slice backwards from after the last",
    () => slice(x(4), 0, 4, -1, -1),
    "slice: expected bounds inside axis 0, not 4:-1:-1",
  ],
  ["no step", () => slice(x(4), 0, 0, 4, 0), "slice: expected a whole step other than 0, found 0"],
  [
    "a step that may leave a rest",
    () => slice(x(mulDims(3, n)), 0, 0, undefined, 5),
    "slice: the number of elements of 0:3·n:5 is not known",
  ],
  ["padding that cuts", () => pad(x(4), 0, -1, 0), "pad: expected amounts of 0 or more, not -1 and 0"],
  ["float ids", () => gather(x(4, 2), x(3)), "gather: expected a table and integer ids"],
  [
    "updates of another shape",
    () => scatterAdd(ids(3), x(4, 2), 5),
    "scatterAdd: expected integer ids and float updates that begin with the shape of ids",
  ],
  ["an index of another shape", () => pick(x(3, 5), ids(3)), "pick: expected an integer index with a last axis of 1"],
  [
    "wide values",
    () => place(ids(3, 2), x(3, 2), 5),
    "place: expected an integer index and float values, both [..., 1]",
  ],
  ["softmax of a scalar", () => softmax(constant(1)), "softmax: expected a float operand"],
  [
    "a weight of another width",
    () => rmsNorm(x(2, 3), x(4), 1e-6),
    "rmsNorm: expected float operands, the weight as wide as x, found input float[2, 3] and input float[4]",
  ],
];

describe("shape rules", () => {
  it.each(shapes)("of %s", (_, build, expected) => expect(shapeOf(build())).toBe(expected));
  it.each(errors)("reject %s", (_, build, message) => expect(build).toThrow(message));
});

it("returns the operand where there is nothing to do", () => {
  const tensor = x(n, 4);
  for (const same of [
    reshape(tensor, [n, 4]),
    transpose(tensor, [0, 1]),
    broadcastTo(tensor, [n, 4]),
    concat([tensor], 1),
    slice(tensor, 0, 0, n),
    pad(tensor, 1, 0, 0),
    cast(tensor, "float"),
    reduceSum(tensor, []),
  ])
    expect(same).toBe(tensor);
});
