/** One uncached pass of a model over a whole sequence, layer by layer. */
import { concat, constant, reshape } from "../../src/graph/primitives.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { attentionOf, writeBias } from "../../src/model/attends.ts";
import type { MogaoConfig } from "../../src/model/config.ts";
import { Mogao } from "../../src/model/mogao.ts";
import { rotary } from "../../src/model/positions.ts";
import { tableRows } from "../../src/model/position-table.ts";
import {
  buildSequence,
  gridCells,
  type Sequence,
  type SequenceBuildOptions,
  type SequencePart,
} from "../../src/model/sequence.ts";
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
  const { text, visual } = sequence;

  const vitSize = config.connectorSize ?? config.hiddenSize;
  const grids = parts.flatMap((part) => (part.type === "image" && part.vit ? [part.vitGrid ?? part] : []));
  const cells = grids.flatMap(gridCells);
  const first: number[] = [];
  grids.reduce((sum, grid, i) => ((first[i] = sum), sum + gridCells(grid).length), 0);
  const vitImages = parts.flatMap((part) => (part.type === "image" && part.vit ? [part.image] : []));
  const places =
    config.vitTable && constant(Array.from(tableRows(config.vitTable, cells), Number), [cells.length], "int");
  const rows: { text: Tensor; visual?: Tensor } = {
    text: model.embedTextAndVit(
      constant(
        text.map(({ id }) => Math.max(0, id)),
        [1, text.length],
        "int",
      ),
      constant(vitTokens, [cells.length, vitSize]),
      constant(
        text.map(({ token, image }) => (token < 0 ? 0 : 1 + first[vitImages.indexOf(image)]! + token)),
        [1, text.length],
        "int",
      ),
      places,
    ),
  };
  // Two times: that of clean tokens, and the noisy ones'.
  const condition = {
    embedding: model.embedTime(constant([1, time], [1, 2])),
    assignment: constant(
      visual.flatMap(({ kind }) => (kind === "clean" ? [1, 0] : [0, 1])),
      [1, visual.length, 2],
    ),
  };
  if (visual.length > 0) {
    const size = config.latentSize;
    const x = visual.flatMap(({ image, token }) => [...latents!(image).subarray(token * size, (token + 1) * size)]);
    const tableRow =
      config.latentTable &&
      tableRows(
        config.latentTable,
        visual.map(({ cell }) => cell),
      );
    rows.visual = model.embedLatents(
      constant(x, [1, visual.length, size]),
      condition,
      tableRow && constant(Array.from(tableRow, Number), [1, visual.length], "int"),
    );
  }

  const all = [...text, ...visual];
  const bias = new Float32Array(all.length ** 2);
  writeBias(all, all, bias, 0, attentionOf(config));
  const context = {
    rotary: rotary(
      constant(
        all.flatMap(({ position }) => [...position]),
        [1, all.length, 1, 3],
      ),
      config,
    ),
    bias: constant(bias, [1, 1, all.length, all.length]),
    condition,
  };
  const outputs: Record<string, Tensor> = {};
  let current: { text?: Tensor | undefined; visual?: Tensor | undefined } = rows;
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
