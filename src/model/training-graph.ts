/** The graph of one training step: packed rows in, the loss of Eq. 7 out. */
import { crossEntropy, squaredError } from "../graph/functional.ts";
import { addDims, mulDims, symbol, type Dim } from "../graph/dims.ts";
import { add, div, gather, input, matmul, mul, reduceSum, reshape, sub } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Mogao } from "./mogao.ts";

export interface TrainingGraph {
  /** Eq. 7: λ·NTP + flow, each a weighted mean over the global batch. */
  readonly loss: Tensor;
  readonly textLoss: Tensor;
  readonly flowLoss: Tensor;
}

/**
 * Inputs (by name; b rows, t text tokens, v visual tokens, s time slots a row, m text targets):
 *   ids, vit_index [b, t] int · text_positions [b, t, 1, 3] · latents, noise [b, v, latent] · times [b, s] ·
 *   assignment [b, v, s] one-hot · visual_positions [b, v, 1, 3] · flow_weights [b, v] · bias [b, 1, t+v, t+v] ·
 *   target_rows, targets [m] int · text_weights [m] · text_total, flow_total [1]: sums of weights over the global batch.
 * `vitTokens` [n, hidden] is the ViT's output, from its own subgraph or an input.
 */
export function trainingGraph(model: Mogao, vitTokens: Tensor, lambda: number): TrainingGraph {
  const { latentSize, hiddenSize } = model.config;
  const [b, t, v, s, m] = ["rows", "text", "visual", "slots", "targets"].map(symbol) as [Dim, Dim, Dim, Dim, Dim];
  const ids = input("ids", [b, t], "int");
  const vitIndex = input("vit_index", [b, t], "int");
  const latents = input("latents", [b, v, latentSize]);
  const noise = input("noise", [b, v, latentSize]);
  const times = input("times", [b, s]);
  const assignment = input("assignment", [b, v, s]);

  const time = matmul(assignment, reshape(times, [b, s, 1]));
  const x_t = add(mul(time, latents), mul(sub(1, time), noise)); // Eq. 3; clean tokens have t = 1
  const result = model.forward({
    text: { rows: model.embedTextAndVit(ids, vitTokens, vitIndex), positions: input("text_positions", [b, t, 1, 3]) },
    visual: {
      rows: model.embedLatents(x_t),
      positions: input("visual_positions", [b, v, 1, 3]),
      condition: { embedding: model.embedTime(times), assignment },
    },
    bias: input("bias", [b, 1, addDims(t, v), addDims(t, v)]),
  });

  const rows = gather(reshape(result.text!, [mulDims(b, t), hiddenSize]), input("target_rows", [m], "int"));
  const entropy = crossEntropy(model.logits(rows), input("targets", [m], "int")); // Eq. 2
  const textLoss = div(reduceSum(mul(entropy, input("text_weights", [m]))), reshape(input("text_total", [1]), []));

  const error = squaredError(result.velocity!, sub(latents, noise)); // Eq. 5
  const flowLoss = div(reduceSum(mul(error, input("flow_weights", [b, v]))), reshape(input("flow_total", [1]), []));
  return { loss: add(mul(lambda, textLoss), flowLoss), textLoss, flowLoss };
}
