import type { RgbImage } from "../../../core/image.ts";
import type { Rgb } from "../../../data/world/colours.ts";
import { resamplePremultiplied } from "../../../data/world/resample.ts";
import { pixelsOf, type Component } from "../components.ts";

/** Red, green, blue and mask. */
export const CROP_PLANES = 4;
/** Share of a crop's side that the longer side of the component's box takes: convolutions want to see where it ends. */
const FILL = 0.875;

/**
 * A component by itself on the picture's plain background, scaled so that its box fills a square: planes [4, side, side] in
 * [−1, 1]. What the square holds of other components is background, too.
 */
export function cropOf(image: RgbImage, background: Rgb, component: Component, side: number): Float32Array {
  const { width, height } = component.box;
  const span = Math.max(width, height) / FILL;
  const window = { x: (width - span) / 2, y: (height - span) / 2, side: span };
  const small = resamplePremultiplied(pixelsOf(image, component), width, height, side, window);
  const pixels = side * side;
  const planes = new Float32Array(CROP_PLANES * pixels);
  for (let i = 0; i < pixels; i++) {
    const alpha = small[4 * i + 3]!;
    for (let c = 0; c < 3; c++)
      planes[c * pixels + i] = (small[4 * i + c]! + ((255 - alpha) * background[c]!) / 255) / 127.5 - 1;
    planes[3 * pixels + i] = alpha / 127.5 - 1;
  }
  return planes;
}
