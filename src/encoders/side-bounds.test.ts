import { expect, test } from "vitest";
import { sizeWithinSides } from "./side-bounds.ts";

const maxPixels = 14 * 14 * 9 * 1024;
// width, height → those of BAGEL's MaxLongEdgeMinShortEdgeResize for its VAE (1024, 512, 16) and its ViT (980, 224, 14).
const cases = [
  [1024, 1024, 1024, 1024, 980, 980],
  [100, 100, 512, 512, 224, 224],
  [3000, 2000, 1024, 688, 980, 658],
  [640, 480, 688, 512, 644, 476],
  [1, 1, 512, 512, 224, 224],
  [5000, 100, 1024, 16, 980, 14],
  [100, 5000, 16, 1024, 14, 980],
  [777, 1233, 640, 1024, 616, 980],
  [1500, 1490, 1024, 1024, 980, 980],
  [24, 1000, 16, 1024, 28, 980],
  [1016, 504, 1024, 512, 980, 490],
  [900, 2100, 432, 1024, 420, 980],
] as const;

test.each(cases)("%i × %i", (width, height, vaeWidth, vaeHeight, vitWidth, vitHeight) => {
  const size = { width, height };
  expect(sizeWithinSides(size, { multiple: 16, maxSide: 1024, minSide: 512, maxPixels })).toEqual({
    width: vaeWidth,
    height: vaeHeight,
  });
  expect(sizeWithinSides(size, { multiple: 14, maxSide: 980, minSide: 224, maxPixels })).toEqual({
    width: vitWidth,
    height: vitHeight,
  });
});
