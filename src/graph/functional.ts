/** Compositions of primitives that models are written in. */
import { mulDims, type Dim } from "./dims.ts";
import {
  add,
  broadcastTo,
  cast,
  concat,
  detach,
  div,
  exp,
  gemm,
  log,
  matmul,
  mul,
  pick,
  reduceMax,
  reduceMean,
  reduceSum,
  reshape,
  rotatePairs,
  sigmoid,
  softmax,
  standardize,
  sub,
  erf,
  transpose,
} from "./primitives.ts";
import type { CodeBits, Tensor } from "./tensor.ts";

export { silu } from "./primitives.ts";

/** x [..., in]·weightᵀ + bias, weight [out, in]. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const rows = reshape(x, [x.shape.slice(0, -1).reduce(mulDims, 1), x.shape.at(-1)!]);
  return reshape(gemm(rows, weight, { transB: true, c: bias }), [...x.shape.slice(0, -1), weight.shape[0]!]);
}

/** Quantised numbers in units of their scales: codes [..., blocks, bytes] → [..., blocks, block]. */
export function centredCodes(codes: Tensor, bits: CodeBits): Tensor {
  const lead = codes.shape.slice(0, -1);
  const bytes = codes.shape.at(-1) as number;
  if (bits === 8) return sub(cast(codes, "float"), 128);
  const pairs = reshape(cast(codes, "int"), [...lead, bytes, 1]);
  const high = div(pairs, 16);
  const low = sub(pairs, mul(high, 16));
  return sub(cast(reshape(concat([low, high], lead.length + 1), [...lead, 2 * bytes]), "float"), 8);
}

/** Quantised numbers as floats: codes [..., blocks, bytes] and scales [..., blocks] → [..., blocks · block]. */
export function dequantized(codes: Tensor, scales: Tensor, bits: CodeBits): Tensor {
  const numbers = mul(centredCodes(codes, bits), reshape(scales, [...scales.shape, 1]));
  return reshape(numbers, [...scales.shape.slice(0, -1), mulDims(numbers.shape.at(-2)!, numbers.shape.at(-1)!)]);
}

/** GELU by the error function, without approximation. */
export function gelu(x: Tensor): Tensor {
  return mul(mul(0.5, x), add(1, erf(mul(x, Math.SQRT1_2))));
}

/** GELU by its tanh approximation, x·σ(2√(2/π)·(x + 0.044715·x³)): SigLIP's and BAGEL's. */
export function geluTanh(x: Tensor): Tensor {
  const inner = mul(x, add(1, mul(0.044715, mul(x, x))));
  return mul(x, sigmoid(mul(2 * Math.sqrt(2 / Math.PI), inner)));
}

/** CLIP's and Qwen2-VL's activation. */
export function quickGelu(x: Tensor): Tensor {
  return mul(x, sigmoid(mul(1.702, x)));
}

export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  return add(mul(standardize(x, epsilon), weight), bias);
}

/** x [n, c, h, w]; weight and bias [c]. */
export function groupNorm(x: Tensor, groups: number, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  const [n, c, h, w] = x.shape as [Dim, number, Dim, Dim];
  if (c % groups !== 0) throw new Error(`groupNorm: ${c} channels do not divide into ${groups} groups`);
  const grouped = reshape(x, [n, groups, mulDims(c / groups, mulDims(h, w))]);
  const channels = (v: Tensor) => reshape(v, [c, 1, 1]);
  return add(mul(reshape(standardize(grouped, epsilon), x.shape), channels(weight)), channels(bias));
}

/** Nearest-neighbour doubling of [n, c, h, w]. */
export function upsample2x(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as [Dim, Dim, Dim, Dim];
  const repeated = broadcastTo(reshape(x, [n, c, h, 1, w, 1]), [n, c, h, 2, w, 2]);
  return reshape(repeated, [n, c, mulDims(h, 2), mulDims(w, 2)]);
}

/**
 * Rotary positions: x [batch, tokens, heads, d] turned by angles given as cosines and sines [batch or 1, tokens, 1, d/2], see
 * {@link rotatePairs}.
 */
export function rotated(x: Tensor, cosines: Tensor, sines: Tensor): Tensor {
  const [batch, tokens, heads, d] = x.shape as [Dim, Dim, number, number];
  // Angles of their own make one long sequence of many.
  const length = cosines.shape[0] === 1 ? tokens : mulDims(batch, tokens);
  const [rows, cos, sin] = [
    reshape(x, [-1, length, heads * d]),
    reshape(cosines, [length, d / 2]),
    reshape(sines, [length, d / 2]),
  ];
  return reshape(rotatePairs(rows, cos, sin, heads), x.shape);
}

/**
 * Scaled dot-product attention with grouped heads, over q [batch, tokens, heads, d] and k, v [batch, keys, kvHeads, d];
 * `bias` broadcasts to [batch, heads, tokens, keys] and holds 0 or a very negative number. → [batch, tokens, heads·d].
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, bias?: Tensor): Tensor {
  const [batch, tokens, heads, d] = q.shape as [Dim, Dim, number, number];
  const [, keys, kvHeads] = k.shape as [Dim, Dim, number];
  if (heads % kvHeads !== 0)
    throw new Error(`attention: ${heads} heads of q do not divide into groups for ${kvHeads} heads of k and v`);
  const merged = mulDims(heads / kvHeads, tokens);
  // ONNX Runtime makes one operator of a transposition and a product where the first axis moves: no batch axis for one sequence.
  const lead = batch === 1 ? [] : [batch];
  const moved = (x: Tensor, order: readonly number[]) =>
    transpose(reshape(x, [...lead, ...x.shape.slice(-3)]), [...lead.keys(), ...order.map((i) => lead.length + i)]);
  const queries = reshape(moved(q, [1, 0, 2]), [...lead, kvHeads, merged, d]);
  // Scaled right after the product, which makes one operator of both.
  const products = mul(matmul(queries, moved(k, [1, 2, 0])), 1 / Math.sqrt(d));
  const scores = reshape(products, [batch, heads, tokens, keys]);
  const weights = reshape(softmax(bias ? add(scores, bias) : scores), [...lead, kvHeads, merged, keys]);
  const mixed = reshape(matmul(weights, moved(v, [1, 0, 2])), [...lead, heads, tokens, d]);
  return reshape(moved(mixed, [1, 0, 2]), [batch, tokens, heads * d]);
}

/** −log softmax(logits)[target]: logits [n, classes], integer targets [n] → [n]. */
export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  const shifted = sub(logits, detach(reduceMax(logits, [-1], true)));
  const logSum = log(reduceSum(exp(shifted), [-1], true));
  const chosen = pick(shifted, reshape(targets, [targets.shape[0]!, 1]));
  return reshape(sub(logSum, chosen), [targets.shape[0]!]);
}

/** Mean over the last axis of squared differences. */
export function squaredError(x: Tensor, target: Tensor): Tensor {
  const difference = sub(x, target);
  return reduceMean(mul(difference, difference), [-1]);
}

/** Σ weightᵢ·xᵢ / Σ weightᵢ, and 0 where all weights are 0. */
export function weightedMean(x: Tensor, weight: Tensor): Tensor {
  return div(reduceSum(mul(x, weight)), add(reduceSum(weight), 1e-12));
}
