/** The network of the trained judge: what one crop of a picture shows, and in which style it is drawn. */
import type { Dim } from "../../../graph/dims.ts";
import { silu } from "../../../graph/functional.ts";
import { add, concat, pad, reduceMean, slice, transpose } from "../../../graph/primitives.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { spaceToDepth } from "../../../encoders/space-to-depth.ts";
import { LayerNorm, Linear } from "../../../nn/layers.ts";
import { normal, ParameterScope, type ParameterInfo } from "../../../nn/parameters.ts";
import { CROP_PLANES } from "./crop.ts";

export interface CropClassifierConfig {
  /** Of a crop, in pixels: a multiple of `patch` · 2^(levels − 1). */
  readonly side: number;
  /** Pixels to the side of a place of the first level. */
  readonly patch: number;
  /** Levels, each of half the places a side of the one before. */
  readonly levels: readonly { readonly size: number; readonly blocks: number }[];
  /** Names of what it tells apart, in the order of its outputs; "nothing of these" comes behind the concepts. */
  readonly concepts: readonly string[];
  readonly styles: readonly string[];
}

const EPSILON = 1e-6;
const KERNEL = 3;

/**
 * A 3×3 convolution over [n, h, w, size], zero beyond the edges. Written as one product with all neighbours side by side: on few places
 * its gradient is many times as fast as that of a convolution, which ONNX Runtime computes as one with huge kernels.
 */
class Convolution {
  readonly #linear: Linear;
  constructor(scope: ParameterScope, inSize: number, outSize: number) {
    this.#linear = new Linear(scope, KERNEL * KERNEL * inSize, outSize);
  }
  forward(x: Tensor): Tensor {
    const [, height, width] = x.shape as [Dim, number, number, number];
    const padded = pad(pad(x, 1, 1, 1), 2, 1, 1);
    const neighbours = Array.from({ length: KERNEL * KERNEL }, (_, i) => {
      const [row, column] = [Math.floor(i / KERNEL), i % KERNEL];
      return slice(slice(padded, 1, row, row + height), 2, column, column + width);
    });
    return this.#linear.forward(concat(neighbours, 3));
  }
}

/** x + project(silu(convolution(norm x))). */
class Block {
  readonly #norm: LayerNorm;
  readonly #convolution: Convolution;
  readonly #project: Linear;
  constructor(scope: ParameterScope, size: number, residual: number) {
    this.#norm = new LayerNorm(scope.at("norm"), size, EPSILON);
    this.#convolution = new Convolution(scope.at("convolution"), size, size);
    this.#project = new Linear(scope.at("project"), size, size, { initializer: normal(residual / Math.sqrt(size)) });
  }
  forward(x: Tensor): Tensor {
    return add(x, this.#project.forward(silu(this.#convolution.forward(this.#norm.forward(x)))));
  }
}

/** Residual levels over patches, the mean over the last one's places, and two linear readings of it. */
export class CropClassifier {
  readonly config: CropClassifierConfig;
  readonly parameters: readonly ParameterInfo[];
  readonly #stem: Convolution;
  readonly #levels: readonly { readonly down: Linear | undefined; readonly blocks: readonly Block[] }[];
  readonly #norm: LayerNorm;
  readonly #concept: Linear;
  readonly #style: Linear;

  constructor(config: CropClassifierConfig, scope = new ParameterScope()) {
    const { levels, patch, concepts, styles } = config;
    this.config = config;
    this.#stem = new Convolution(scope.at("stem"), CROP_PLANES * patch * patch, levels[0]!.size);
    const residual = 1 / Math.sqrt(levels.reduce((sum, { blocks }) => sum + blocks, 0));
    this.#levels = levels.map(({ size, blocks }, i) => {
      const at = scope.at("levels", i);
      const down = i === 0 ? undefined : new Linear(at.at("down"), 4 * levels[i - 1]!.size, size);
      return { down, blocks: Array.from({ length: blocks }, (_, b) => new Block(at.at("blocks", b), size, residual)) };
    });
    const last = levels.at(-1)!.size;
    this.#norm = new LayerNorm(scope.at("norm"), last, EPSILON);
    this.#concept = new Linear(scope.at("concept"), last, concepts.length + 1);
    this.#style = new Linear(scope.at("style"), last, styles.length);
    this.parameters = scope.all;
  }

  /** Crops [n, 4, side, side] as `cropOf` makes them → logits [n, concepts + 1], the last of "unknown", and [n, styles]. */
  forward(crops: Tensor): { readonly concept: Tensor; readonly style: Tensor } {
    let x = this.#stem.forward(transpose(spaceToDepth(crops, this.config.patch), [0, 2, 3, 1]));
    for (const { down, blocks } of this.#levels) {
      if (down) x = down.forward(halved(x));
      for (const block of blocks) x = block.forward(x);
    }
    const features = reduceMean(this.#norm.forward(x), [1, 2]);
    return { concept: this.#concept.forward(features), style: this.#style.forward(features) };
  }

  /** Shape of `n` crops. */
  cropsShape(n: Dim): readonly Dim[] {
    return [n, CROP_PLANES, this.config.side, this.config.side];
  }
}

/** Each 2×2 places side by side in one: [n, h, w, size] → [n, h/2, w/2, 4·size]. */
function halved(x: Tensor): Tensor {
  const [, height, width] = x.shape as [Dim, number, number, number];
  const corners = [0, 1].flatMap((row) =>
    [0, 1].map((column) => slice(slice(x, 1, row, height, 2), 2, column, width, 2)),
  );
  return concat(corners, 3);
}
