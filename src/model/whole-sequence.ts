/** A whole sequence as constants of a graph: what one pass without caches needs, for one set of contents. */
import { concat, constant } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { attentionOf, writeBias } from "./attends.ts";
import type { BlockContext, Rows } from "./block.ts";
import { vitTokenSize } from "./config.ts";
import type { Mogao } from "./mogao.ts";
import { tableRows } from "./position-table.ts";
import { rotary } from "./positions.ts";
import { gridCells, type Grid, type Sequence, type VisualRow } from "./sequence.ts";

export interface SequenceContents {
  /** Of each image whose ViT tokens are in the sequence, [tokens, vitSize]. */
  readonly vit?: ReadonlyMap<number, { readonly grid: Grid; readonly tokens: Float32Array }>;
  /** Of an image, [tokens, latentSize]: clean ones where the sequence has them clean, else x_t. */
  readonly latents?: (image: number) => Float32Array;
  /** t of noisy tokens. */
  readonly time?: number;
}

/** The rows as they enter the first block, [1, rows, hidden], in the order of the sequence. */
export function embeddedRows(model: Mogao, { text, visual }: Sequence, contents: SequenceContents): Rows {
  const { vit = new Map<number, never>(), latents = () => new Float32Array(0), time = 1 } = contents;
  const { latentSize, latentTable, vitTable } = model.config;
  const ids = constant(
    text.map(({ id }) => Math.max(0, id)),
    [1, text.length],
    "int",
  );
  const withVit = (): Tensor => {
    const images = [...vit.values()];
    const starts = new Map<number, number>();
    let count = 0;
    for (const [image, { grid }] of vit) {
      starts.set(image, count);
      count += gridCells(grid).length;
    }
    const cells = images.flatMap(({ grid }) => gridCells(grid));
    const size = vitTokenSize(model.config);
    return model.embedTextAndVit(
      ids,
      concat(
        images.map(({ tokens }) => constant(tokens, [tokens.length / size, size])),
        0,
      ),
      constant(
        text.map(({ token, image }) => (token < 0 ? 0 : 1 + starts.get(image)! + token)),
        [1, text.length],
        "int",
      ),
      vitTable && placesOf(tableRows(vitTable, cells), [cells.length]),
    );
  };
  const rowsOfText = vit.size > 0 ? withVit() : model.embedText(ids);
  if (visual.length === 0) return { text: rowsOfText };
  const x = visual.flatMap(({ image, token }) => [
    ...latents(image).subarray(token * latentSize, (token + 1) * latentSize),
  ]);
  const cells = visual.map(({ cell }) => cell);
  return {
    text: rowsOfText,
    visual: model.embedLatents(
      constant(x, [1, visual.length, latentSize]),
      conditionOf(model, visual, time),
      latentTable && placesOf(tableRows(latentTable, cells), [1, cells.length]),
    ),
  };
}

/** What every block is told of the sequence. `time` is that of its noisy tokens. */
export function blockContext(model: Mogao, { text, visual }: Sequence, time = 1): BlockContext {
  const rows = [...text, ...visual];
  const bias = new Float32Array(rows.length ** 2);
  writeBias(rows, rows, bias, 0, attentionOf(model.config));
  const positions = rows.flatMap(({ position }) => [...position]);
  return {
    rotary: rotary(constant(positions, [1, rows.length, 1, 3]), model.config),
    bias: constant(bias, [1, 1, rows.length, rows.length]),
    ...(visual.length > 0 && { condition: conditionOf(model, visual, time) }),
  };
}

/** Two times: that of clean tokens, and the noisy ones'. */
function conditionOf(model: Mogao, visual: readonly VisualRow[], time: number) {
  return {
    embedding: model.embedTime(constant([1, time], [1, 2])),
    assignment: constant(
      visual.flatMap(({ kind }) => (kind === "clean" ? [1, 0] : [0, 1])),
      [1, visual.length, 2],
    ),
  };
}

const placesOf = (rows: BigInt64Array, shape: readonly number[]) => constant(Array.from(rows, Number), shape, "int");
