/** From pixels to the ViT's input: patches in the order in which it takes them, and their positions. */
import type { VitConfig } from "./vit-config.ts";

export interface VitGrid {
  /** Patches down and across. */
  readonly rows: number;
  readonly columns: number;
}

/** Row and column of a patch; none where a place is padding. */
export type PatchPlace = readonly [row: number, column: number] | undefined;

/** Additive attention bias of padding. */
const PADDING = -1e9;

/** Numbers in one flattened patch. */
export function patchSizeOf({ temporalPatch, patch }: VitConfig): number {
  return 3 * temporalPatch * patch ** 2;
}

/**
 * The patches of a grid, token by token, and within a token row by row. With windows, window by window, each filled up with padding
 * below and on the right; otherwise the tokens are in reading order.
 */
export function patchOrder({ rows, columns }: VitGrid, config: VitConfig): PatchPlace[] {
  const { merge } = config;
  const windowed = "windows" in config && config.windows !== undefined;
  const [height, width] = windowed ? [config.windows.side, config.windows.side] : [rows, columns];
  const places: PatchPlace[] = [];
  for (const [top, left] of squares(0, 0, rows, columns, height, width))
    for (const [tokenRow, tokenColumn] of squares(top, left, top + height, left + width, merge, merge))
      for (const [row, column] of squares(tokenRow, tokenColumn, tokenRow + merge, tokenColumn + merge, 1, 1))
        places.push(row < rows && column < columns ? [row, column] : undefined);
  return places;
}

/** Top left corners of the height × width rectangles that cover an area, in reading order. */
function* squares(
  top: number,
  left: number,
  bottom: number,
  right: number,
  height: number,
  width: number,
): Generator<readonly [number, number]> {
  for (let row = top; row < bottom; row += height)
    for (let column = left; column < right; column += width) yield [row, column];
}

/** (row, column) of each place, [places, 2]; padding is at the origin. */
export function patchPositions(order: readonly PatchPlace[]): Float32Array {
  return Float32Array.from(order.flatMap((place) => place ?? [0, 0]));
}

/** Attention bias of each place as a key, [places]: a very negative number for padding. */
export function paddingBias(order: readonly PatchPlace[]): Float32Array {
  return Float32Array.from(order, (place) => (place ? 0 : PADDING));
}

/**
 * Normalised planes [3, rows · patch, columns · patch] → patches [places, numbers a patch] in `order`; padding stays as it is in
 * `into` (zeros by default). Pixels of a patch are ordered (channel, frame, row, column), the still image repeated for each frame;
 * for SigLIP (row, column, channel).
 */
export function cutPatches(
  planes: Float32Array,
  grid: VitGrid,
  order: readonly PatchPlace[],
  config: VitConfig,
  into = new Float32Array(order.length * patchSizeOf(config)),
): Float32Array {
  const { patch, temporalPatch } = config;
  const [height, width] = [grid.rows * patch, grid.columns * patch];
  if (planes.length !== 3 * height * width)
    throw new Error(`cutPatches: ${width}×${height} pixels take ${3 * height * width} values, found ${planes.length}`);
  for (const [i, place] of order.entries()) {
    if (!place) continue;
    const corner = (place[0] * width + place[1]) * patch;
    const start = (channel: number, y: number) => (channel * height + y) * width + corner;
    let at = i * patchSizeOf(config);
    if (config.architecture === "siglip") {
      for (let y = 0; y < patch; y++)
        for (let x = 0; x < patch; x++)
          for (let channel = 0; channel < 3; channel++) into[at++] = planes[start(channel, y) + x]!;
    } else {
      for (let channel = 0; channel < 3; channel++)
        for (let frame = 0; frame < temporalPatch; frame++)
          for (let y = 0; y < patch; y++, at += patch)
            into.set(planes.subarray(start(channel, y), start(channel, y) + patch), at);
    }
  }
  return into;
}
