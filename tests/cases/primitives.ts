/** At least one case for every primitive; a new primitive without one does not compile. */
import { mulDims, subDims } from "../../src/graph/dims.ts";
import {
  abs,
  add,
  and,
  broadcastTo,
  cast,
  concat,
  constant,
  conv2d,
  conv2dTranspose,
  cos,
  detach,
  div,
  equal,
  exp,
  gather,
  gemm,
  less,
  log,
  matmul,
  matmulNBits,
  max,
  min,
  mul,
  neg,
  not,
  pad,
  pick,
  place,
  reduceMax,
  reduceMean,
  reduceSum,
  reshape,
  rmsNorm,
  rotatePairs,
  scatterAdd,
  sigmoid,
  silu,
  sin,
  slice,
  softmax,
  sqrt,
  standardize,
  sub,
  erf,
  tanh,
  transpose,
  where,
} from "../../src/graph/primitives.ts";
import type { OperationName, Tensor } from "../../src/graph/tensor.ts";
import {
  awayFromZero,
  bool,
  byte,
  coarse,
  define,
  float,
  int,
  m,
  n,
  positive,
  someSizes,
  type Case,
  type CaseInput,
} from "./case.ts";

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Tensor, b: Tensor) => Tensor;

const unary = (f: Unary, x: CaseInput = float(n, 4)) => [define("", { x }, ({ x: tensor }) => f(tensor!))];

/** Equal shapes, broadcasting on both sides, a scalar. */
const binary = (f: Binary, operand: (...dims: Parameters<typeof float>) => CaseInput = float): Case[] => [
  define("equal shapes", { a: operand(n, 4), b: operand(n, 4) }, ({ a, b }) => f(a!, b!)),
  define("broadcasting", { a: operand(m, 1, 4), b: operand(n, 1) }, ({ a, b }) => f(a!, b!)),
  define("scalar first", { a: operand(), b: operand(2, n) }, ({ a, b }) => f(a!, b!)),
];
/** As a float, so that it can be compared and projected like everything else. */
const number = (x: Tensor) => cast(x, "float");
const int2 = (...dims: Parameters<typeof float>) => int(-3, 4, ...dims);

const strided = { stride: 2, pads: [0, 0, 1, 1] } as const;
const padded = { stride: 1, pads: [1, 1, 1, 1] } as const;

export const primitiveCases: { readonly [O in OperationName]: readonly Case[] } = {
  input: [define("parameter", { x: float(2, 3) }, ({ x }) => mul(x!, 2))],
  constant: [
    define("scalar", { x: float(n) }, ({ x }) => add(x!, constant(1.5))),
    define("array", { x: float(n, 3) }, ({ x }) => mul(x!, constant([1, -2, 0.5]))),
    define("large array", { x: float(n, 20) }, ({ x }) =>
      add(x!, constant(Float64Array.from({ length: 20 }, (_, i) => Math.sin(i)))),
    ),
    define("int", { x: float(n, 3) }, ({ x }) => gather(x!, constant([2, 0, 2], [3], "int")), {
      sizes: someSizes,
    }),
    define("bool", { x: float(n, 3) }, ({ x }) => where(constant([1, 0, 1], [3], "bool"), x!, 0)),
  ],
  neg: unary(neg),
  exp: unary(exp),
  log: unary(log, positive(n, 4)),
  sqrt: unary(sqrt, positive(n, 4)),
  tanh: unary(tanh),
  erf: unary(erf),
  sigmoid: unary(sigmoid),
  silu: unary(silu),
  sin: unary(sin),
  cos: unary(cos),
  abs: unary(abs, awayFromZero(n, 4)),
  not: [define("", { x: bool(n, 4) }, ({ x }) => number(not(x!)))],
  cast: [
    define("float to int", { x: awayFromZero(n, 9) }, ({ x }) => number(cast(mul(x!, 5), "int")), { wrt: [] }),
    define("bool to float", { x: bool(n, 4) }, ({ x }) => cast(x!, "float")),
    define("int to bool", { x: int(-1, 2, n, 4) }, ({ x }) => number(cast(x!, "bool"))),
    define("float to bool", { x: coarse(n, 4) }, ({ x }) => number(cast(x!, "bool")), { wrt: [] }),
    define("byte to float", { x: byte(n, 4) }, ({ x }) => cast(x!, "float")),
    define("byte to int", { x: byte(n, 4) }, ({ x }) => number(cast(x!, "int"))),
    define("bool to int", { x: bool(n, 4) }, ({ x }) => number(cast(x!, "int"))),
  ],
  detach: [define("", { x: float(n) }, ({ x }) => mul(detach(x!), 2), { wrt: [] })],
  add: [...binary(add), define("int", { a: int2(n, 2), b: int2(2) }, ({ a, b }) => number(add(a!, b!)))],
  sub: [...binary(sub), define("int", { a: int2(n, 2), b: int2(2) }, ({ a, b }) => number(sub(a!, b!)))],
  mul: [...binary(mul), define("int", { a: int2(n, 2), b: int2(2) }, ({ a, b }) => number(mul(a!, b!)))],
  div: [
    ...binary(div, awayFromZero),
    define("int, towards zero", { a: int(-9, 10, n, 4), b: int(1, 4, 4) }, ({ a, b }) => number(div(a!, b!))),
  ],
  max: [...binary(max), define("int", { a: int2(n, 2), b: int2(2) }, ({ a, b }) => number(max(a!, b!)))],
  min: [...binary(min), define("int", { a: int2(n, 2), b: int2(2) }, ({ a, b }) => number(min(a!, b!)))],
  less: [
    ...binary((a, b) => number(less(a, b)), coarse).map((one) => ({ ...one, wrt: [] })),
    define("int", { a: int2(n, 3), b: int2(3) }, ({ a, b }) => number(less(a!, b!))),
  ],
  equal: [
    ...binary((a, b) => number(equal(a, b)), coarse).map((one) => ({ ...one, wrt: [] })),
    define("int", { a: int2(n, 3), b: int2(3) }, ({ a, b }) => number(equal(a!, b!))),
  ],
  and: [define("broadcasting", { a: bool(n, 4), b: bool(4) }, ({ a, b }) => number(and(a!, b!)))],
  where: [
    define("equal shapes", { c: bool(n, 4), a: float(n, 4), b: float(n, 4) }, ({ c, a, b }) => where(c!, a!, b!)),
    define("broadcasting", { c: bool(n, 1), a: float(4), b: float(m, 1, 1) }, ({ c, a, b }) => where(c!, a!, b!)),
    define("int", { c: bool(n), a: int2(n), b: int2(1) }, ({ c, a, b }) => number(where(c!, a!, b!))),
  ],
  matmul: [
    define("matrices", { a: float(n, 3), b: float(3, m) }, ({ a, b }) => matmul(a!, b!)),
    define("batches", { a: float(2, n, 3), b: float(2, 3, m) }, ({ a, b }) => matmul(a!, b!), { sizes: someSizes }),
    define("a matrix for a whole batch", { a: float(m, n, 3), b: float(3, 4) }, ({ a, b }) => matmul(a!, b!), {
      sizes: someSizes,
    }),
    define("broadcasting batches", { a: float(m, 1, 2, n), b: float(3, n, 2) }, ({ a, b }) => matmul(a!, b!), {
      sizes: someSizes,
    }),
  ],
  gemm: [
    ...[false, true].flatMap((transA) =>
      [false, true].map((transB) =>
        define(
          `transA ${transA}, transB ${transB}`,
          { a: transA ? float(3, n) : float(n, 3), b: transB ? float(m, 3) : float(3, m) },
          ({ a, b }) => gemm(a!, b!, { transA, transB }),
        ),
      ),
    ),
    define("with a row vector", { a: float(n, 3), b: float(2, 3), c: float(2) }, ({ a, b, c }) =>
      gemm(a!, b!, { transB: true, c }),
    ),
  ],
  matmulNBits: [
    define("8 bits", { x: float(n, 32), codes: byte(3, 2, 16), scales: float(3, 2) }, ({ x, codes, scales }) =>
      matmulNBits(x!, codes!, mul(scales!, 0.01), 8),
    ),
    define("4 bits", { x: float(n, 32), codes: byte(3, 2, 8), scales: float(3, 2) }, ({ x, codes, scales }) =>
      matmulNBits(x!, codes!, mul(scales!, 0.1), 4),
    ),
    define(
      "rows in batches",
      { x: float(m, n, 16), codes: byte(3, 1, 16), scales: float(3, 1) },
      ({ x, codes, scales }) => matmulNBits(x!, codes!, mul(scales!, 0.01), 8),
    ),
    define(
      "with a row vector",
      { x: float(n, 16), codes: byte(5, 1, 8), scales: float(5, 1), c: float(5) },
      ({ x, codes, scales, c }) => matmulNBits(x!, codes!, mul(scales!, 0.1), 4, c),
    ),
  ],
  conv2d: [
    define("3 by 3", { x: float(m, 2, 5, 4), w: float(3, 2, 3, 3) }, ({ x, w }) => conv2d(x!, w!, padded)),
    define("stride 2, pads below and right", { x: float(m, 2, 6, 8), w: float(3, 2, 3, 3) }, ({ x, w }) =>
      conv2d(x!, w!, strided),
    ),
    define("stride 2 leaving a rest", { x: float(1, 2, 7, 6), w: float(2, 2, 3, 3) }, ({ x, w }) =>
      conv2d(x!, w!, { stride: 2, pads: [0, 0, 0, 0] }),
    ),
    define("1 by 1", { x: float(m, 3, 2, 4), w: float(2, 3, 1, 1) }, ({ x, w }) =>
      conv2d(x!, w!, { stride: 1, pads: [0, 0, 0, 0] }),
    ),
    define("patches", { x: float(m, 2, 4, 6), w: float(3, 2, 2, 2) }, ({ x, w }) =>
      conv2d(x!, w!, { stride: 2, pads: [0, 0, 0, 0] }),
    ),
    define("oblong kernel, uneven pads", { x: float(1, 2, 5, 6), w: float(2, 2, 3, 2) }, ({ x, w }) =>
      conv2d(x!, w!, { stride: 1, pads: [2, 1, 0, 0] }),
    ),
    define(
      "symbolic height and width",
      { x: float(2, 2, n, m), w: float(2, 2, 3, 3) },
      ({ x, w }) => conv2d(x!, w!, padded),
      { sizes: someSizes },
    ),
    define(
      "symbolic height, stride 2",
      { x: float(1, 2, mulDims(2, n), 4), w: float(2, 2, 3, 3), size: float(n) },
      ({ x, w, size }) => mul(conv2d(x!, w!, strided), reduceSum(size!)),
      { sizes: someSizes },
    ),
  ],
  conv2dTranspose: [
    define("3 by 3", { y: float(m, 3, 5, 4), w: float(3, 2, 3, 3) }, ({ y, w }) =>
      conv2dTranspose(y!, w!, { ...padded, height: 5, width: 4 }),
    ),
    define("stride 2, pads below and right", { y: float(m, 3, 3, 4), w: float(3, 2, 3, 3) }, ({ y, w }) =>
      conv2dTranspose(y!, w!, { ...strided, height: 6, width: 8 }),
    ),
    define("stride 2 leaving a rest", { y: float(1, 2, 3, 2), w: float(2, 2, 3, 3) }, ({ y, w }) =>
      conv2dTranspose(y!, w!, { stride: 2, pads: [0, 0, 0, 0], height: 8, width: 6 }),
    ),
  ],
  reduceSum: [
    define("last axis", { x: float(n, 4) }, ({ x }) => reduceSum(x!, [-1])),
    define("first and last of three, kept", { x: float(m, n, 4) }, ({ x }) => reduceSum(x!, [0, 2], true)),
    define("everything", { x: float(n, 4) }, ({ x }) => reduceSum(x!)),
  ],
  reduceMean: [
    define("last axis", { x: float(n, 4) }, ({ x }) => reduceMean(x!, [-1], true)),
    define("symbolic axis", { x: float(m, n, 4) }, ({ x }) => reduceMean(x!, [1]), { sizes: someSizes }),
    define("everything", { x: float(n, 4) }, ({ x }) => reduceMean(x!), { sizes: someSizes }),
  ],
  reduceMax: [
    define("last axis", { x: float(n, 4) }, ({ x }) => reduceMax(x!, [-1])),
    define("symbolic axes, kept", { x: float(m, n, 4) }, ({ x }) => reduceMax(x!, [0, 1], true), { sizes: someSizes }),
  ],
  reshape: [
    define("merged", { x: float(m, n, 4) }, ({ x }) => reshape(x!, [mulDims(m, n), 4])),
    define("split", { x: float(m, n, 6) }, ({ x }) => reshape(x!, [m, n, 2, 3])),
    define("what is left over", { x: float(m, 2, n, 3) }, ({ x }) => reshape(x!, [-1, n])),
    define("int", { x: int2(n, 4) }, ({ x }) => number(reshape(x!, [mulDims(n, 2), 2]))),
    define("to a scalar", { x: float(1, 1) }, ({ x }) => reshape(x!, [])),
  ],
  transpose: [
    define("two axes", { x: float(n, 4) }, ({ x }) => transpose(x!, [1, 0])),
    define("four axes", { x: float(m, n, 2, 3) }, ({ x }) => transpose(x!, [2, 0, 3, 1])),
  ],
  broadcastTo: [
    define("new axes", { x: float(3, 1), size: float(n) }, ({ x, size }) => add(broadcastTo(x!, [2, 3, n]), size!)),
    define("scalar", { x: float(), size: float(n, m) }, ({ x, size }) => mul(broadcastTo(x!, [n, m]), size!)),
    define("int", { x: int2(1), size: float(n) }, ({ x, size }) => mul(number(broadcastTo(x!, [n])), size!)),
  ],
  concat: [
    define("first axis", { a: float(n, 3), b: float(m, 3), c: float(1, 3) }, ({ a, b, c }) => concat([a!, b!, c!], 0)),
    define("last axis", { a: float(n, 3), b: float(n, 2) }, ({ a, b }) => concat([a!, b!, a!], -1)),
    define("int", { a: int2(n), b: int2(m) }, ({ a, b }) => number(concat([a!, b!], 0))),
  ],
  slice: [
    define("middle", { x: float(n, 6) }, ({ x }) => slice(x!, 1, 1, 4)),
    define("from a symbolic start", { x: float(mulDims(2, n), 2), size: float(n) }, ({ x, size }) =>
      mul(slice(x!, 0, n), reduceSum(size!)),
    ),
    define("up to a symbolic end", { x: float(5, 2), size: float(n) }, ({ x, size }) =>
      mul(slice(x!, 0, 0, n), reduceSum(size!)),
    ),
    define("every second", { x: float(7, n) }, ({ x }) => slice(x!, 0, 0, 7, 2)),
    define("every second from 1", { x: float(6, n) }, ({ x }) => slice(x!, 0, 1, undefined, 2)),
    define("every third, a rest left", { x: float(n, 9) }, ({ x }) => slice(x!, 1, 1, 8, 3)),
    define("every second of a symbolic axis", { x: float(mulDims(2, n), 3), size: float(n, 1) }, ({ x, size }) =>
      mul(slice(x!, 0, 1, undefined, 2), size!),
    ),
    define("backwards over a symbolic axis", { x: float(n, 2) }, ({ x }) => slice(x!, 0, subDims(n, 1), -1, -1)),
    define("backwards", { x: float(n, 5) }, ({ x }) => slice(x!, 1, 4, -1, -1)),
    define("backwards, every second", { x: float(n, 8) }, ({ x }) => slice(x!, 1, 6, 1, -2)),
    define("int", { x: int2(n, 4) }, ({ x }) => number(slice(x!, 1, 2))),
  ],
  pad: [
    define("both sides", { x: float(n, 3) }, ({ x }) => pad(x!, 1, 1, 2)),
    define("symbolic", { x: float(n, 3), size: float(m) }, ({ x, size }) => mul(pad(x!, 0, m, 1), reduceSum(size!))),
    define("int", { x: int2(n, 3) }, ({ x }) => number(pad(x!, 0, 1, 0))),
    define("bool", { x: bool(n, 3) }, ({ x }) => number(pad(x!, 0, 1, 0))),
  ],
  gather: [
    define("rows", { table: float(6, 3), ids: int(0, 6, n) }, ({ table, ids }) => gather(table!, ids!)),
    define("a grid of ids", { table: float(6, 2, 3), ids: int(0, 6, m, n) }, ({ table, ids }) => gather(table!, ids!)),
    define("one id", { table: float(n, 3), ids: int(0, 3) }, ({ table, ids }) => gather(table!, ids!), {
      sizes: someSizes,
    }),
    define("numbers", { table: int2(6), ids: int(0, 6, n) }, ({ table, ids }) => number(gather(table!, ids!))),
  ],
  scatterAdd: [
    define("rows, some twice", { ids: int(0, 4, n), x: float(n, 3) }, ({ ids, x }) => scatterAdd(ids!, x!, 4)),
    define("a grid of ids", { ids: int(0, 4, m, n), x: float(m, n, 2, 3) }, ({ ids, x }) => scatterAdd(ids!, x!, 4)),
    define("symbolic rows", { ids: int(0, 2, n), x: float(n), size: float(m) }, ({ ids, x, size }) =>
      mul(scatterAdd(ids!, x!, m), size!),
    ),
    define("one id", { ids: int(0, 4), x: float(n) }, ({ ids, x }) => scatterAdd(ids!, x!, 4)),
  ],
  pick: [
    define("matrix", { x: float(n, 5), index: int(0, 5, n, 1) }, ({ x, index }) => pick(x!, index!)),
    define("three axes", { x: float(m, n, 5), index: int(0, 5, m, n, 1) }, ({ x, index }) => pick(x!, index!)),
  ],
  place: [
    define("matrix", { index: int(0, 5, n, 1), x: float(n, 1) }, ({ index, x }) => place(index!, x!, 5)),
    define("symbolic size", { index: int(0, 2, n, 1), x: float(n, 1), size: float(m) }, ({ index, x, size }) =>
      mul(place(index!, x!, m), size!),
    ),
  ],
  softmax: [
    define("rows", { x: float(n, 5) }, ({ x }) => softmax(x!)),
    define("symbolic last axis", { x: float(m, 2, n) }, ({ x }) => softmax(x!)),
    define("large logits", { x: float(n, 5) }, ({ x }) => softmax(mul(x!, 300)), { wrt: [] }),
  ],
  rmsNorm: [
    define("rows", { x: float(n, 6), w: float(6) }, ({ x, w }) => rmsNorm(x!, w!, 1e-6)),
    define("heads, large epsilon", { x: float(m, n, 2, 4), w: float(4) }, ({ x, w }) => rmsNorm(x!, w!, 0.125)),
  ],
  standardize: [
    define("rows", { x: float(n, 6) }, ({ x }) => standardize(x!, 1e-6)),
    define("symbolic last axis, large epsilon", { x: float(2, m, n) }, ({ x }) => standardize(x!, 0.125), {
      sizes: someSizes,
    }),
  ],
  rotatePairs: [
    define("one head", { x: float(m, n, 6), c: float(n, 3), s: float(n, 3) }, ({ x, c, s }) =>
      rotatePairs(x!, c!, s!, 1),
    ),
    define("more heads", { x: float(m, n, 12), c: float(n, 2), s: float(n, 2) }, ({ x, c, s }) =>
      rotatePairs(x!, c!, s!, 3),
    ),
  ],
};
