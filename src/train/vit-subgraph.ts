/** The ViT as a part of a training graph: pixels are fed, its tokens come out. */
import type { RgbImage } from "../core/image.ts";
import type { QwenVitConfig } from "../encoders/vit-config.ts";
import { cutPatches, patchOrder, patchPositions, patchSizeOf } from "../encoders/vit-patches.ts";
import type { Vit } from "../encoders/vit.ts";
import { symbol } from "../graph/dims.ts";
import { constant, input, reshape } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { HostTensor } from "../runtime/types.ts";

/** Square images of one size, their number varying: input `patches` [images, places, patch size] → [images · tokens, outSize]. */
export function vitSubgraph(vit: Vit, imageSide: number): Tensor {
  const side = imageSide / vit.config.patch;
  const grid = { rows: side, columns: side };
  const patches = input("patches", [symbol("images"), side * side, vit.patchSize]);
  const positions = constant(patchPositions(patchOrder(grid, vit.config)), [1, side * side, 1, 2]);
  return reshape(vit.forward(patches, positions), [-1, vit.config.outSize]);
}

/** Feed `patches` of {@link vitSubgraph}; of no images one that is empty. */
export function patchFeeds(
  images: readonly RgbImage[],
  vit: QwenVitConfig & { readonly mean: number; readonly deviation: number },
  imageSide: number,
): Record<string, HostTensor> {
  const count = Math.max(1, images.length);
  const side = imageSide / vit.patch;
  const grid = { rows: side, columns: side };
  const order = patchOrder(grid, vit);
  const patchSize = patchSizeOf(vit);
  const size = order.length * patchSize;
  const data = new Float32Array(new ArrayBuffer(4 * count * size));
  const pixels = imageSide * imageSide;
  const planes = new Float32Array(3 * pixels);
  images.forEach((image, i) => {
    for (let p = 0; p < pixels; p++)
      for (let c = 0; c < 3; c++) planes[c * pixels + p] = (image.data[p * 3 + c]! / 255 - vit.mean) / vit.deviation;
    cutPatches(planes, grid, order, vit, data.subarray(i * size, (i + 1) * size));
  });
  return { patches: { type: "float32", shape: [count, order.length, patchSize], data } };
}
