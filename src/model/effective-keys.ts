/**
 * How many tokens a token looks at. Queries and keys may grow until every softmax lies on one key: then no gradient says which key to
 * look at, and the loss does not show it (docs/log.md, "Attention that had become hard").
 */
import { weightedMean } from "../graph/functional.ts";
import type { Dim } from "../graph/dims.ts";
import {
  add,
  concat,
  exp,
  log,
  matmul,
  mul,
  reduceSum,
  reshape,
  sigmoid,
  slice,
  softmax,
  sub,
  transpose,
} from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";

/** Rows that may see fewer keys than this say little. */
const LEAST_VISIBLE = 16;

export interface EffectiveKeys {
  /** Of text and ViT rows, and of visual rows: [heads]. */
  readonly text: Tensor;
  readonly visual: Tensor | undefined;
}

/**
 * The exponential of the attention weights' entropy, by head, a mean over the rows that may see at least {@link LEAST_VISIBLE} keys (0
 * where there are none). Queries [batch, rows, heads, headSize] and keys [batch, rows, kvHeads, headSize], both rotated, additive
 * bias [batch, 1, rows, rows]; the first `textRows` rows are text.
 */
export function effectiveKeys(queries: Tensor, keys: Tensor, bias: Tensor, textRows: Dim): EffectiveKeys {
  const [batch, rows, heads, headSize] = queries.shape as [Dim, Dim, number, number];
  const kvHeads = keys.shape[2] as number;
  const mask = reshape(bias, [batch, rows, rows]);
  const visible = reduceSum(exp(mask), [-1]);
  const counts = sigmoid(mul(50, sub(visible, LEAST_VISIBLE - 0.5)));
  const ofHead = (x: Tensor, head: number) => reshape(slice(x, 2, head, head + 1), [batch, rows, headSize]);
  const reach = Array.from({ length: heads }, (_, head) => {
    const key = ofHead(keys, Math.floor((head * kvHeads) / heads));
    const scores = mul(1 / Math.sqrt(headSize), matmul(ofHead(queries, head), transpose(key, [0, 2, 1])));
    const weights = softmax(add(scores, mask));
    return exp(mul(-1, reduceSum(mul(weights, log(add(weights, 1e-12))), [-1])));
  });
  const mean = (start: Dim, end: Dim) =>
    concat(
      reach.map((x) => reshape(weightedMean(slice(x, 1, start, end), slice(counts, 1, start, end)), [1])),
      0,
    );
  return { text: mean(0, textRows), visual: textRows === rows ? undefined : mean(textRows, rows) };
}
