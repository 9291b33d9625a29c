import { InputError } from "../core/errors.ts";
import type { RgbImage } from "../core/image.ts";
import { resizeImage } from "./resize.ts";
import { roundHalfEven } from "./rounding.ts";

/** A constraint on picture sizes, in pixels. */
export interface Grid {
  /** Both sides become multiples of this: the side of a token. */
  readonly multiple: number;
  /** Bounds on width × height. */
  readonly maxPixels: number;
  readonly minPixels?: number;
}

const maxAspectRatio = 200;

/**
 * The size nearest to the given one whose sides are multiples of `multiple` (at least one), its area within the bounds and its
 * aspect ratio kept as far as the grid allows: Qwen2-VL's `smart_resize`. Longer than 200 : 1 throws `InputError`, as no picture
 * looks like that.
 */
export function gridSize(
  { width, height }: { width: number; height: number },
  { multiple, maxPixels, minPixels = 0 }: Grid,
): { width: number; height: number } {
  if (Math.max(width, height) > maxAspectRatio * Math.min(width, height))
    throw new InputError(
      `image of ${width}×${height}: the longer side may be at most ${maxAspectRatio} times the shorter one`,
    );
  const area = width * height;
  const snapped = (snap: (side: number) => number) => ({
    width: snap(width) * multiple,
    height: snap(height) * multiple,
  });
  // A short side may round to nothing, which a lower bound on the area then repairs.
  const nearest = snapped((side) => Math.max(minPixels > 0 ? 0 : 1, roundHalfEven(side / multiple)));
  const found = nearest.width * nearest.height;
  if (found > maxPixels) {
    const shrink = Math.sqrt(area / maxPixels);
    return fitBelow(
      snapped((side) => Math.max(1, Math.floor(side / shrink / multiple))),
      multiple,
      maxPixels,
    );
  }
  if (found < minPixels) {
    const grow = Math.sqrt(minPixels / area);
    return fitBelow(
      snapped((side) => Math.ceil((side * grow) / multiple)),
      multiple,
      maxPixels,
    );
  }
  return nearest;
}

/** A thin picture whose short side is already one token can still be too large: take from its longer side. */
function fitBelow(
  { width, height }: { width: number; height: number },
  multiple: number,
  maxPixels: number,
): { width: number; height: number } {
  const short = Math.min(width, height);
  const long = Math.min(Math.max(width, height), Math.floor(maxPixels / short / multiple) * multiple);
  if (long < multiple)
    throw new RangeError(`grid: not even one token of ${multiple}×${multiple} fits into ${maxPixels} pixels`);
  return width < height ? { width: short, height: long } : { width: long, height: short };
}

/** The picture resized (bicubic, antialiased) to {@link gridSize}. */
export function toGrid(image: RgbImage, grid: Grid): RgbImage {
  const { width, height } = gridSize(image, grid);
  return resizeImage(image, width, height);
}

/** Mean and deviation of each channel on the 0 … 1 scale. */
export type ChannelValues = readonly [number, number, number];

/** Planes `[3, height, width]` of (value / 255 − mean) / std. */
export function imageToPlanes(image: RgbImage, mean: ChannelValues, std: ChannelValues): Float32Array {
  const { data } = image;
  const pixels = image.width * image.height;
  const planes = new Float32Array(3 * pixels);
  for (let channel = 0; channel < 3; channel++) {
    const shift = mean[channel]!;
    const scale = std[channel]!;
    for (let i = 0; i < pixels; i++) planes[channel * pixels + i] = (data[i * 3 + channel]! / 255 - shift) / scale;
  }
  return planes;
}

/** The inverse of {@link imageToPlanes}, rounded and clipped to 8 bits; NaN becomes 0. */
export function planesToImage(
  planes: Float32Array,
  size: { width: number; height: number },
  mean: ChannelValues,
  std: ChannelValues,
): RgbImage {
  const pixels = size.width * size.height;
  if (planes.length !== 3 * pixels)
    throw new RangeError(
      `planesToImage: ${size.width}×${size.height} takes ${3 * pixels} values, found ${planes.length}`,
    );
  const data = new Uint8ClampedArray(3 * pixels);
  for (let channel = 0; channel < 3; channel++)
    for (let i = 0; i < pixels; i++)
      data[i * 3 + channel] = (planes[channel * pixels + i]! * std[channel]! + mean[channel]!) * 255;
  return { width: size.width, height: size.height, data: new Uint8Array(data.buffer) };
}
