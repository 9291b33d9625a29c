import type { MogaoConfig } from "../model/config.ts";
import { tableRows } from "../model/position-table.ts";
import type { Sequence, TextRow, VisualRow } from "../model/sequence.ts";
import type { HostTensor } from "../runtime/types.ts";
import { feedTensor } from "./feed-tensor.ts";

/**
 * Feeds of a group of latents that follow from where its rows stand: positions, rows of the table, markers inside it. A batch holds
 * the same group at several places.
 */
export function groupFeeds(
  config: MogaoConfig,
  batch: readonly Pick<Sequence, "text" | "visual">[],
): Record<string, HostTensor> {
  const { text: markers, visual: latents } = batch[0]!;
  const positions = (rows: readonly (TextRow | VisualRow)[], tokens: number) =>
    feedTensor([batch.length, tokens, 1, 3], Float32Array.from(rows.flatMap(({ position }) => position)));
  const ids = BigInt64Array.from(markers, ({ id }) => BigInt(id));
  const cells = latents.map(({ cell }) => cell);
  return {
    visual_positions: positions(
      batch.flatMap(({ visual }) => visual),
      latents.length,
    ),
    ...(config.latentTable && { latent_places: feedTensor([1, cells.length], tableRows(config.latentTable, cells)) }),
    ...(config.imageLayout?.markers === "inside" && {
      marker_ids: feedTensor([1, ids.length], ids),
      marker_positions: positions(
        batch.flatMap(({ text }) => text),
        ids.length,
      ),
    }),
  };
}
