/** Cases for what models are written in, and for graphs whose parts share operands. */
import { mulDims } from "../../src/graph/dims.ts";
import {
  attention,
  crossEntropy,
  gelu,
  geluTanh,
  groupNorm,
  layerNorm,
  linear,
  quickGelu,
  rotated,
  silu,
  squaredError,
  upsample2x,
  weightedMean,
} from "../../src/graph/functional.ts";
import { add, cast, concat, detach, div, exp, mul, reduceSum, slice, softmax } from "../../src/graph/primitives.ts";
import { bool, define, float, int, m, n, positive, someSizes, type Case } from "./case.ts";

export const compositionCases: readonly Case[] = [
  define("linear with a bias", { x: float(m, n, 4), w: float(3, 4), b: float(3) }, ({ x, w, b }) => linear(x!, w!, b)),
  define("linear without a bias", { x: float(n, 4), w: float(3, 4) }, ({ x, w }) => linear(x!, w!)),
  define("silu", { x: float(n, 4) }, ({ x }) => silu(x!)),
  define("gelu", { x: float(n, 4) }, ({ x }) => gelu(x!)),
  define("geluTanh", { x: float(n, 4) }, ({ x }) => geluTanh(x!)),
  define("quickGelu", { x: float(n, 4) }, ({ x }) => quickGelu(x!)),
  define("layerNorm", { x: float(m, n, 6), w: float(6), b: float(6) }, ({ x, w, b }) => layerNorm(x!, w!, b!, 1e-5)),
  define("groupNorm", { x: float(m, 6, 2, 4), w: float(6), b: float(6) }, ({ x, w, b }) =>
    groupNorm(x!, 3, w!, b!, 1e-6),
  ),
  define(
    "groupNorm of symbolic images",
    { x: float(2, 4, n, m), w: float(4), b: float(4) },
    ({ x, w, b }) => groupNorm(x!, 2, w!, b!, 1e-6),
    { sizes: someSizes },
  ),
  define("upsample2x", { x: float(m, 3, 2, 4) }, ({ x }) => upsample2x(x!)),
  define("upsample2x of symbolic images", { x: float(1, 2, n, m) }, ({ x }) => upsample2x(x!)),
  define("rotated, own angles", { c: float(m, n, 1, 2), s: float(m, n, 1, 2), x: float(m, n, 2, 4) }, (t) =>
    rotated(t.x!, t.c!, t.s!),
  ),
  define("rotated alike", { c: float(1, n, 1, 3), s: float(1, n, 1, 3), x: float(m, n, 1, 6) }, (t) =>
    rotated(t.x!, t.c!, t.s!),
  ),
  // Not without rows: ONNX Runtime's fused product of matrices without elements leaves its result as it was.
  define(
    "attention of one sequence",
    { q: float(1, n, 4, 2), k: float(1, m, 2, 2), v: float(1, m, 2, 2) },
    (t) => attention(t.q!, t.k!, t.v!),
    { sizes: someSizes },
  ),
  define("attention", { q: float(m, n, 2, 4), k: float(m, n, 2, 4), v: float(m, n, 2, 4) }, ({ q, k, v }) =>
    attention(q!, k!, v!),
  ),
  define(
    "attention with grouped heads, a cache and a mask",
    {
      q: float(2, n, 4, 3),
      k: float(2, mulDims(2, n), 2, 3),
      v: float(2, mulDims(2, n), 2, 3),
      // The first key is always seen: rows without any key have no softmax.
      seen: bool(2, 1, n, mulDims(2, n)),
    },
    ({ q, k, v, seen }) => {
      const bias = mul(add(cast(seen!, "float"), -1), 1e4);
      return attention(q!, k!, v!, bias);
    },
  ),
  define("crossEntropy", { x: float(n, 7), t: int(0, 7, n) }, ({ x, t }) => crossEntropy(mul(x!, 3), t!)),
  define("squaredError", { x: float(n, 5), y: float(n, 5) }, ({ x, y }) => squaredError(x!, y!)),
  define("weightedMean", { x: float(n), w: positive(n) }, ({ x, w }) => weightedMean(x!, w!)),
  define("a shared sub-expression", { x: float(n, 4) }, ({ x }) => {
    const shared = exp(x!);
    return add(mul(shared, shared), div(shared, add(softmax(shared), shared)));
  }),
  define("an operand twice", { x: float(n, 4) }, ({ x }) => concat([mul(x!, x!), x!, x!], 0)),
  define("overlapping slices", { x: float(n, 6) }, ({ x }) =>
    mul(slice(x!, 1, 0, 4), add(slice(x!, 1, 2), reduceSum(x!, [1], true))),
  ),
  define("slices that make up an axis, one of them twice", { x: float(m, n) }, ({ x }) =>
    mul(
      concat([slice(x!, 0, 1, m), slice(x!, 0, 0, 1)], 0),
      add(x!, concat([slice(x!, 0, 0, 1), slice(x!, 0, 0, 0), slice(x!, 0, 1, m)], 0)),
    ),
  ),
  define("detached in one place", { x: float(n, 4) }, ({ x }) => add(mul(detach(exp(x!)), 0), mul(x!, 3))),
  define(
    "two branches in one sequence",
    { x: float(n, 4), y: float(m, 4), a: float(3, 4), b: float(3, 4) },
    ({ x, y, a, b }) => {
      const sequence = mul(concat([x!, y!], 0), 2);
      return concat([linear(slice(sequence, 0, 0, n), a!), linear(slice(sequence, 0, n), b!)], 0);
    },
  ),
];
