/** From pixels to the ViT's input: patches in merge order and their positions. */
import type { VitConfig } from "./vit.ts";

export interface VitGrid {
  /** Patches down and across. */
  readonly rows: number;
  readonly columns: number;
}

/** Visits the patches of a grid in merge order: token by token, and within a token row by row. */
export function* mergeOrder({ rows, columns }: VitGrid, merge: number): Generator<readonly [number, number]> {
  for (let tokenRow = 0; tokenRow < rows; tokenRow += merge)
    for (let tokenColumn = 0; tokenColumn < columns; tokenColumn += merge)
      for (let row = tokenRow; row < tokenRow + merge; row++)
        for (let column = tokenColumn; column < tokenColumn + merge; column++) yield [row, column];
}

/** (row, column) of each patch in merge order, [patches, 2]. */
export function patchPositions(grid: VitGrid, merge: number): Float32Array {
  return Float32Array.from([...mergeOrder(grid, merge)].flat());
}

/**
 * Planes [3, height, width] (normalised) → patches [patches, 3 · temporalPatch · patch²] in merge order, the still image
 * repeated for each frame. Height and width must be multiples of patch · merge.
 */
export function cutPatches(
  planes: Float32Array,
  height: number,
  width: number,
  config: VitConfig,
  into?: Float32Array,
): { patches: Float32Array; grid: VitGrid } {
  const { patch, merge, temporalPatch } = config;
  const unit = patch * merge;
  if (height % unit !== 0 || width % unit !== 0)
    throw new Error(`cutPatches: expected multiples of ${unit} px, found ${width}×${height}`);
  const grid = { rows: height / patch, columns: width / patch };
  const patches = into ?? new Float32Array(grid.rows * grid.columns * 3 * temporalPatch * patch * patch);
  let at = 0;
  for (const [row, column] of mergeOrder(grid, merge))
    for (let channel = 0; channel < 3; channel++) {
      const start = (channel * height + row * patch) * width + column * patch;
      for (let frame = 0; frame < temporalPatch; frame++)
        for (let y = 0; y < patch; y++) {
          patches.set(planes.subarray(start + y * width, start + y * width + patch), at);
          at += patch;
        }
    }
  return { patches, grid };
}
