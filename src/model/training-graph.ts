/** The graph of one training step: packed rows in, the loss of Eq. 7 out. */
import { crossEntropy, squaredError } from "../graph/functional.ts";
import { addDims, symbol, type Dim } from "../graph/dims.ts";
import {
  add,
  concat,
  constant,
  div,
  gather,
  input,
  matmul,
  mul,
  reduceSum,
  reshape,
  sub,
} from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Alignment } from "./alignment.ts";
import { vitTokenSize } from "./config.ts";
import { effectiveKeys } from "./effective-keys.ts";
import type { Mogao } from "./mogao.ts";

export interface TrainingGraph {
  /** Eq. 7: λ·NTP + flow, each a weighted mean over the global batch. */
  readonly loss: Tensor;
  readonly textLoss: Tensor;
  readonly flowLoss: Tensor;
  /** Mean distance of noisy tokens from the ViT's (alignment.ts), where it is part of the loss. */
  readonly alignmentLoss?: Tensor;
  /** Keys that rows of each branch effectively look at (effective-keys.ts), [blocks, heads]. Not part of the loss. */
  readonly keysSeen: Readonly<Record<string, Tensor>>;
}

/** What a training graph computes: text alone leaves the visual branch and its inputs out (training of the ViT). */
export type Objective = "text" | "text+flow";

/**
 * Inputs (by name; b rows, t text tokens, v visual tokens, s time slots a row, m text targets):
 *   ids, vit_index [b, t] int · text_positions [b, t, 1, 3] · bias [b, 1, t+v, t+v] · target_rows, targets [m] int ·
 *   text_weights [m] · text_total [1]; and with flow: latents, noise [b, v, latent] · times [b, s] ·
 *   assignment [b, v, s] one-hot · visual_positions [b, v, 1, 3] · flow_weights [b, v] · flow_total [1];
 *   where the model has position tables, vit_places [n] and latent_places [b, v] int; and with alignment: features [b, v, size].
 * Totals are sums of weights over the global batch (Sec. 3.3). `vitTokens` [n, vitSize] is the ViT's output, from its own
 * subgraph or an input.
 */
export function trainingGraph(
  model: Mogao,
  vitTokens: Tensor,
  options: { readonly lambda: number; readonly objective: Objective; readonly alignment?: Alignment | undefined },
): TrainingGraph {
  const { text, visual, velocity, visualRows, keysSeen } = packedForward(model, vitTokens, options.objective);
  const m = symbol("targets");
  const rows = gather(reshape(text, [-1, model.config.hiddenSize]), input("target_rows", [m], "int"));
  const entropy = crossEntropy(model.logits(rows), input("targets", [m], "int")); // Eq. 2
  const textLoss = div(reduceSum(mul(entropy, input("text_weights", [m]))), reshape(input("text_total", [1]), []));
  if (!visual || !velocity) return { loss: mul(options.lambda, textLoss), textLoss, flowLoss: constant(0), keysSeen };

  const error = squaredError(velocity, visual.target); // Eq. 5
  const weights = input("flow_weights", [symbol("rows"), visual.tokens]);
  const total = reshape(input("flow_total", [1]), []);
  const meanOf = (x: Tensor) => div(reduceSum(mul(x, weights)), total);
  const flowLoss = meanOf(error);
  const loss = add(mul(options.lambda, textLoss), flowLoss);
  const { alignment } = options;
  if (!alignment) return { loss, textLoss, flowLoss, keysSeen };
  const alignmentLoss = meanOf(alignment.distance(visualRows[alignment.block - 1]!));
  return { loss: add(loss, mul(alignment.weight, alignmentLoss)), textLoss, flowLoss, alignmentLoss, keysSeen };
}

/** The predicted velocity [b, v, latent] alone, on the inputs of the training graph with flow. */
export function velocityGraph(model: Mogao): Tensor {
  return packedForward(model, vitTokensInput(model), "text+flow").velocity!;
}

/** ViT tokens that are computed elsewhere: [n, vitSize]. */
export function vitTokensInput(model: Mogao): Tensor {
  return input("vit_tokens", [symbol("vitTokens"), vitTokenSize(model.config)]);
}

function packedForward(model: Mogao, vitTokens: Tensor, objective: Objective) {
  const b = symbol("rows");
  const t = symbol("text");
  const visual = objective === "text+flow" ? visualInputs(model, b) : undefined;
  const length = addDims(t, visual?.tokens ?? 0);
  const bias = input("bias", [b, 1, length, length]);
  const ids = input("ids", [b, t], "int");
  const result = model.forward({
    text: {
      rows: model.embedTextAndVit(
        ids,
        vitTokens,
        input("vit_index", [b, t], "int"),
        model.vitTable && input("vit_places", [vitTokens.shape[0]!], "int"),
      ),
      positions: input("text_positions", [b, t, 1, 3]),
    },
    visual: visual?.forward,
    bias,
  });
  const seen = result.queries.map((queries, i) => effectiveKeys(queries, result.caches[i]!.keys, bias, t));
  const byBlock = (rows: readonly Tensor[]) =>
    concat(
      rows.map((row) => reshape(row, [1, row.shape[0]!])),
      0,
    );
  const keysSeen = {
    text: byBlock(seen.map(({ text }) => text)),
    ...(visual && { visual: byBlock(seen.map((block) => block.visual!)) }),
  };
  return { text: result.text!, velocity: result.velocity, visualRows: result.visualRows, visual, keysSeen };
}

function visualInputs(model: Mogao, b: Dim) {
  const { latentSize } = model.config;
  const tokens = symbol("visual");
  const slots = symbol("slots");
  const latents = input("latents", [b, tokens, latentSize]);
  const noise = input("noise", [b, tokens, latentSize]);
  const times = input("times", [b, slots]);
  const assignment = input("assignment", [b, tokens, slots]);
  const t = matmul(assignment, reshape(times, [b, slots, 1]));
  const x_t = add(mul(t, latents), mul(sub(1, t), noise)); // Eq. 3; clean tokens have t = 1
  const condition = { embedding: model.embedTime(times), assignment };
  const places = model.latentTable && input("latent_places", [b, tokens], "int");
  return {
    tokens,
    target: sub(latents, noise), // the velocity of Eq. 4
    forward: {
      rows: model.embedLatents(x_t, condition, places),
      positions: input("visual_positions", [b, tokens, 1, 3]),
      condition,
    },
  };
}
