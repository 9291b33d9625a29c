/** One uncached pass of a model over a whole sequence, layer by layer. */
import { concat, reshape } from "../../src/graph/primitives.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import type { MogaoConfig } from "../../src/model/config.ts";
import { Mogao } from "../../src/model/mogao.ts";
import {
  buildSequence,
  gridCells,
  type Sequence,
  type SequenceBuildOptions,
  type SequencePart,
} from "../../src/model/sequence.ts";
import { blockContext, embeddedRows } from "../../src/model/whole-sequence.ts";
import { ParameterScope, type ParameterValues } from "../../src/nn/parameters.ts";
import { run } from "./reference-checkpoints.ts";

export interface PassContents {
  /** Of all images one after another, [tokens, vitSize]. */
  readonly vitTokens: Float32Array;
  /** Of an image, [tokens, latentSize]: clean ones where the sequence has them clean, else x_t. */
  readonly latents?: (image: number) => Float32Array;
  /** t of noisy tokens. */
  readonly time?: number;
}

/** Rows after each layer, [rows, hidden], in the order of the sequence that was built. */
export interface PassResult {
  readonly sequence: Sequence;
  readonly hidden: readonly { readonly text: Float32Array; readonly visual?: Float32Array }[];
}

export async function wholePass(
  config: MogaoConfig,
  weights: ParameterValues,
  parts: readonly SequencePart[],
  { vitTokens, latents, time = 1 }: PassContents,
  options: SequenceBuildOptions = {},
): Promise<PassResult> {
  const scope = new ParameterScope("mogao.");
  const model = new Mogao(scope, config);
  const sequence = buildSequence(parts, { ...options, layout: config.imageLayout });
  const vitSize = config.connectorSize ?? config.hiddenSize;
  let at = 0;
  const vit = new Map(
    parts.flatMap((part) => {
      if (part.type !== "image" || !part.vit) return [];
      const grid = part.vitGrid ?? part;
      const tokens = vitTokens.subarray(at, (at += gridCells(grid).length * vitSize));
      return [[part.image, { grid, tokens }] as const];
    }),
  );
  const context = blockContext(model, sequence, time);
  const outputs: Record<string, Tensor> = {};
  let current = embeddedRows(model, sequence, { vit, time, ...(latents && { latents }) });
  model.blocks.forEach((block, i) => {
    current = block.forward(current, context).rows;
    const named = (name: string, tensor: Tensor | undefined) => {
      if (tensor) outputs[`${name}.${i}`] = concat([reshape(tensor, [-1, config.hiddenSize])], 0);
    };
    named("text", current.text);
    named("visual", current.visual);
  });
  const found = await run(scope.all, weights, outputs, {});
  const valuesOf = (name: string) => found[name]?.data as Float32Array | undefined;
  return {
    sequence,
    hidden: model.blocks.map((_, i) => {
      const visualRows = valuesOf(`visual.${i}`);
      return { text: valuesOf(`text.${i}`)!, ...(visualRows && { visual: visualRows }) };
    }),
  };
}
