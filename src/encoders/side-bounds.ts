/** Sizes of pictures bounded by their sides, as BAGEL prepares them for both of its encoders. */
import { roundHalfEven } from "./rounding.ts";

export interface SideBounds {
  /** Both sides become multiples of this: the side of a token. */
  readonly multiple: number;
  /** The longer side is at most this; the shorter one at least that, where both can be had. */
  readonly maxSide: number;
  readonly minSide: number;
  readonly maxPixels: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The picture is shrunk to `maxSide`, then enlarged to `minSide`, and its sides are rounded; what is too large then is scaled by the ratio of
 * the areas (not its root, as in BAGEL), and what is too long once more by that of the sides.
 */
export function sizeWithinSides(size: Size, { multiple, maxSide, minSide, maxPixels }: SideBounds): Size {
  const snap = (side: number) => Math.max(1, roundHalfEven(roundHalfEven(side) / multiple)) * multiple;
  const scaled = ({ width, height }: Size, scale: number): Size => ({
    width: snap(width * scale),
    height: snap(height * scale),
  });
  const longest = ({ width, height }: Size) => Math.max(width, height);
  const shrunk = Math.min(maxSide / longest(size), 1);
  let result = scaled(size, Math.max(shrunk, minSide / Math.min(size.width, size.height)));
  const area = result.width * result.height;
  if (area > maxPixels) result = scaled(result, maxPixels / area);
  if (longest(result) > maxSide) result = scaled(result, maxSide / longest(result));
  return result;
}
