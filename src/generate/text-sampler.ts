/** Draws the next token from logits: temperature, nucleus (top-p), or greedily. */
import type { Philox } from "../core/random.ts";

export interface TextSamplerOptions {
  /** 0 takes the most likely token. */
  readonly temperature: number;
  /** Keeps the smallest set of most likely tokens whose probabilities reach this sum. In (0, 1]. */
  readonly topP: number;
  /** Consumes one word for a token, none when greedy. */
  readonly random: Philox;
}

/** Of one call; kept, as every token would leave one to the garbage collector. */
let scratch = new Float64Array(0);

/** One id of `allowed` (ascending, not empty); ties go to the smaller id. */
export function sampleToken(
  logits: Float32Array,
  allowed: ArrayLike<number>,
  { temperature, topP, random }: TextSamplerOptions,
): number {
  let best = allowed[0]!;
  for (let i = 1; i < allowed.length; i++) if (logits[allowed[i]!]! > logits[best]!) best = allowed[i]!;
  if (temperature === 0) return best;

  if (scratch.length < allowed.length) scratch = new Float64Array(allowed.length);
  const weights = scratch.subarray(0, allowed.length);
  let total = 0;
  for (let i = 0; i < allowed.length; i++)
    total += weights[i] = Math.exp((logits[allowed[i]!]! - logits[best]!) / temperature);
  const point = random.uniform();
  if (topP >= 1) return allowed[pickAt(point * total, weights, undefined)]!;

  // What is rarer than this cannot belong to the nucleus, as all of its kind together weigh less than what it leaves out.
  const rare = ((1 - topP) * total) / allowed.length;
  const candidates: number[] = [];
  for (let i = 0; i < allowed.length; i++) if (weights[i]! >= rare) candidates.push(i);
  candidates.sort((a, b) => weights[b]! - weights[a]! || a - b);
  let kept = 0;
  let mass = 0;
  while (kept < candidates.length && (kept === 0 || mass < topP * total)) mass += weights[candidates[kept++]!]!;
  return allowed[pickAt(point * mass, weights, candidates.slice(0, kept))]!;
}

/** The place where the running sum of weights first exceeds `point`. */
function pickAt(point: number, weights: Float64Array, order: readonly number[] | undefined): number {
  const count = order?.length ?? weights.length;
  const at = (k: number) => order?.[k] ?? k;
  let sum = 0;
  for (let k = 0; k < count; k++) {
    sum += weights[at(k)]!;
    if (point < sum) return at(k);
  }
  return at(count - 1);
}
