/** Padding-free packing (Sec. 3.2): several sequences share a row, each seeing only itself. */
import { writeBias, type AttentionOptions } from "../model/attends.ts";
import type { PositionTable } from "../model/config.ts";
import { tableRows } from "../model/position-table.ts";
import type { Sequence, TextRow, VisualRow } from "../model/sequence.ts";
import type { HostTensor } from "../runtime/types.ts";

export interface RowCapacity {
  readonly text: number;
  readonly visual: number;
}

export interface PackedRow {
  readonly text: TextRow[];
  readonly visual: VisualRow[];
}

/** First fit, longest text first; a sequence larger than the capacity has a row of its own. */
export function packRows(sequences: readonly Sequence[], capacity: RowCapacity): PackedRow[] {
  const rows: PackedRow[] = [];
  const longestFirst = sequences.map((_, sample) => sample);
  longestFirst.sort((a, b) => sequences[b]!.text.length - sequences[a]!.text.length);
  for (const sample of longestFirst) {
    const sequence = sequences[sample]!;
    const fits = (row: PackedRow) =>
      row.text.length + sequence.text.length <= capacity.text &&
      row.visual.length + sequence.visual.length <= capacity.visual;
    let row = rows.find(fits);
    if (!row) rows.push((row = { text: [], visual: [] }));
    for (const token of sequence.text) row.text.push({ ...token, sample });
    for (const token of sequence.visual) row.visual.push({ ...token, sample });
  }
  return rows;
}

/** What the rows stand for, by sample and image. */
export interface RowContents {
  /** Clean latent tokens of an image, [tokens, latentSize]. */
  latents(sample: number, image: number): Float32Array;
  /** Row of the ViT token table where an image's tokens begin. */
  vitStart(sample: number, image: number): number;
  /** t of a noisy copy, in [0, 1]. */
  time(sample: number, image: number, copy: number): number;
  /** Noise of a noisy copy, [tokens, latentSize]. */
  noise(sample: number, image: number, copy: number): Float32Array;
  textWeight(sample: number): number;
  flowWeight(sample: number): number;
}

const float32 = (shape: readonly number[], data?: Float32Array): HostTensor & { data: Float32Array } => ({
  type: "float32",
  shape,
  data: data ?? new Float32Array(new ArrayBuffer(4 * shape.reduce((a, b) => a * b, 1))),
});
const int64 = (shape: readonly number[]): HostTensor & { data: BigInt64Array } => ({
  type: "int64",
  shape,
  data: new BigInt64Array(shape.reduce((a, b) => a * b, 1)),
});

/** Feeds of the training graph (training-graph.ts) for packed rows. Totals are those of this batch alone. */
export function packedFeeds(
  rows: readonly PackedRow[],
  contents: RowContents,
  options: {
    readonly latentSize: number;
    readonly withFlow: boolean;
    readonly attention?: AttentionOptions;
    readonly latentTable?: PositionTable | undefined;
  },
): Record<string, HostTensor> {
  const { latentSize, withFlow, latentTable } = options;
  const b = rows.length;
  const t = Math.max(1, ...rows.map((row) => row.text.length));
  const v = withFlow ? Math.max(1, ...rows.map((row) => row.visual.length)) : 0;
  const slotKeys = rows.map((row) => timeSlots(row));
  const s = Math.max(1, ...slotKeys.map((keys) => keys.size + 1));

  const ids = int64([b, t]);
  const vitIndex = int64([b, t]);
  const textPositions = float32([b, t, 1, 3]);
  const bias = float32([b, 1, t + v, t + v]);
  const latents = float32([b, v, latentSize]);
  const noise = float32([b, v, latentSize]);
  const times = float32([b, s]);
  const assignment = float32([b, v, s]);
  const visualPositions = float32([b, v, 1, 3]);
  const flowWeights = float32([b, v]);
  const latentPlaces = int64([b, v]);
  const targets: { row: number; id: number; weight: number }[] = [];
  let flowTotal = 0;

  rows.forEach((row, r) => {
    row.text.forEach((token, i) => {
      const at = r * t + i;
      textPositions.data.set(token.position, at * 3);
      if (token.token >= 0) vitIndex.data[at] = BigInt(1 + contents.vitStart(token.sample, token.image) + token.token);
      else ids.data[at] = BigInt(token.id);
      if (token.target >= 0) targets.push({ row: at, id: token.target, weight: contents.textWeight(token.sample) });
    });
    if (withFlow) {
      const slots = slotKeys[r]!;
      times.data[r * s] = 1; // slot 0: clean tokens
      if (latentTable)
        latentPlaces.data.set(
          tableRows(
            latentTable,
            row.visual.map(({ cell }) => cell),
          ),
          r * v,
        );
      row.visual.forEach((token, i) => {
        const at = r * v + i;
        visualPositions.data.set(token.position, at * 3);
        const clean = contents.latents(token.sample, token.image);
        const start = token.token * latentSize;
        latents.data.set(clean.subarray(start, start + latentSize), at * latentSize);
        let slot = 0;
        if (token.kind === "noisy") {
          slot = slots.get(slotKey(token))!;
          times.data[r * s + slot] = contents.time(token.sample, token.image, token.copy);
          const drawn = contents.noise(token.sample, token.image, token.copy);
          noise.data.set(drawn.subarray(start, start + latentSize), at * latentSize);
          const weight = contents.flowWeight(token.sample);
          flowWeights.data[at] = weight;
          flowTotal += weight;
        }
        assignment.data[at * s + slot] = 1;
      });
    }
    const places = [...padded(row.text, t), ...padded(row.visual, v)];
    writeBias(places, places, bias.data, r * (t + v) * (t + v), options.attention);
  });

  const m = Math.max(1, targets.length); // an empty list still needs a row: row 0 with weight 0
  const targetRows = int64([m]);
  const targetIds = int64([m]);
  const textWeights = float32([m]);
  targets.forEach(({ row, id, weight }, i) => {
    targetRows.data[i] = BigInt(row);
    targetIds.data[i] = BigInt(id);
    textWeights.data[i] = weight;
  });
  const textTotal = targets.reduce((sum, { weight }) => sum + weight, 0);
  const feeds: Record<string, HostTensor> = {
    ids,
    vit_index: vitIndex,
    text_positions: textPositions,
    bias,
    target_rows: targetRows,
    targets: targetIds,
    text_weights: textWeights,
    text_total: float32([1], new Float32Array([textTotal || 1])),
  };
  if (!withFlow) return feeds;
  return {
    ...feeds,
    latents,
    noise,
    times,
    assignment,
    visual_positions: visualPositions,
    flow_weights: flowWeights,
    flow_total: float32([1], new Float32Array([flowTotal || 1])),
    ...(latentTable && { latent_places: latentPlaces }),
  };
}

function slotKey(token: VisualRow): string {
  return `${token.sample}/${token.image}/${token.copy}`;
}

/** One time slot for each noisy copy in a row, from 1 on. */
function timeSlots(row: PackedRow): Map<string, number> {
  const slots = new Map<string, number>();
  for (const token of row.visual)
    if (token.kind === "noisy" && !slots.has(slotKey(token))) slots.set(slotKey(token), slots.size + 1);
  return slots;
}

function padded<T>(tokens: readonly T[], length: number): (T | undefined)[] {
  return Array.from({ length }, (_, i) => tokens[i]);
}
