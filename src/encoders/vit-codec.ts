import { InputError } from "../core/errors.ts";
import type { RgbImage } from "../core/image.ts";
import { mulDims, symbol } from "../graph/dims.ts";
import { input, reshape } from "../graph/primitives.ts";
import { ParameterScope, type ParameterValues } from "../nn/parameters.ts";
import type { StoredWeights } from "../nn/quantization.ts";
import { compileModel } from "../onnx/emit.ts";
import type { HostTensor, Program, ProgramOptions, Runtime } from "../runtime/types.ts";
import { imageToPlanes, type ChannelValues } from "./preprocessing.ts";
import { resizeImage } from "./resize.ts";
import { createVit, type VisionTransformer } from "./vision-transformer.ts";
import type { VitConfig } from "./vit-config.ts";
import { cutPatches, paddingBias, patchOrder, patchPositions, type PatchPlace, type VitGrid } from "./vit-patches.ts";

/** The architecture and what pixels are normalised by, on the 0 … 1 scale: one number, or one for each channel. */
export type VitCodecConfig = VitConfig & {
  readonly mean: number | ChannelValues;
  readonly deviation: number | ChannelValues;
};

export interface VitCodecOptions {
  /** Pixels to a token's side of the pictures that come in: the VAE's, so that both encoders have one grid (mogao.md). */
  readonly tokenSide: number;
  /** What the names of the weights begin with. */
  readonly scope?: string;
  /** Weights that the program reads from a file by itself. */
  readonly stored?: StoredWeights | undefined;
  readonly releaseMemory?: ProgramOptions["releaseMemory"];
}

/** Pictures → the tokens by which the model understands them; any size, in batches of one size. */
export class VitCodec {
  readonly config: VitCodecConfig;
  /** Pixels to a token's side: sizes of pictures are multiples of it. */
  readonly tokenSide: number;
  /** Numbers in a token: the model's width. */
  readonly tokenSize: number;
  readonly #vit: Pick<VisionTransformer, "patchSize" | "group">;
  readonly #program: Program;
  readonly #weights: Readonly<Record<string, HostTensor>>;

  /** `weights` stay in use: changing them changes later results. Throws InputError where one is missing. */
  static async open(
    runtime: Runtime,
    config: VitCodecConfig,
    weights: ParameterValues,
    { tokenSide, scope: scopeName = "vit", stored, releaseMemory = false }: VitCodecOptions,
  ): Promise<VitCodec> {
    const scope = new ParameterScope(`${scopeName}.`, stored?.storage);
    const vit = createVit(scope, config);
    const { bytes, inputs } = compileModel(
      { tokens: vitGraph(vit) },
      { name: "vit", ...(stored && { stored: stored.place }) },
    );
    const fed = inputs.filter(({ role }) => role === "parameter");
    const feeds = fed.map(({ name, shape }): [string, HostTensor] => {
      const data = weights.get(name);
      if (!data) throw new InputError(`vit: no weights for "${name}"`);
      return [name, { type: "float32", shape: shape as readonly number[], data }];
    });
    const program = await runtime.load(bytes, {
      weightsFolder: stored?.folder,
      constants: stored?.tensors,
      releaseMemory,
    });
    return new VitCodec(config, vit, tokenSide, program, Object.fromEntries(feeds));
  }

  private constructor(
    config: VitCodecConfig,
    vit: Pick<VisionTransformer, "patchSize" | "group">,
    tokenSide: number,
    program: Program,
    weights: Readonly<Record<string, HostTensor>>,
  ) {
    this.config = config;
    this.tokenSide = tokenSide;
    this.tokenSize = config.outSize;
    this.#vit = vit;
    this.#program = program;
    this.#weights = weights;
  }

  /**
   * Pictures of equal size (multiples of {@link tokenSide}) → [picture, token, {@link tokenSize}], tokens row by row.
   * A picture is resized so that one token of the ViT shows what one of the VAE does (factor 1.75 for Qwen2-VL and FLUX).
   */
  async encode(images: readonly RgbImage[]): Promise<Float32Array> {
    const first = images[0];
    if (!first) return new Float32Array(0);
    const grid = this.#grid(first);
    const order = patchOrder(grid, this.config);
    const { patchSize, group } = this.#vit;
    const size = order.length * patchSize;
    const patches = new Float32Array(new ArrayBuffer(4 * size * images.length));
    images.forEach((image, i) => {
      if (image.width !== first.width || image.height !== first.height)
        throw new InputError(
          `picture ${i}: expected ${first.width}×${first.height} as the first, found ${image.width}×${image.height}`,
        );
      cutPatches(this.#planes(image, grid), grid, order, this.config, patches.subarray(i * size, (i + 1) * size));
    });
    const groups = order.length / group;
    const feeds: Record<string, HostTensor> = {
      patches: { type: "float32", shape: [images.length, groups, group, patchSize], data: patches },
      positions: { type: "float32", shape: [1, groups, group, 2], data: patchPositions(order) },
    };
    if (this.#program.inputNames.includes("padding")) {
      const bias = paddingBias(order);
      const data = Float32Array.from({ length: bias.length * images.length }, (_, i) => bias[i % bias.length]!);
      feeds["padding"] = { type: "float32", shape: [images.length, groups, group], data };
    }
    const { tokens } = await this.#program.run({ ...this.#weights, ...feeds });
    return inReadingOrder(tokens!.data as Float32Array, order, grid, this.config);
  }

  dispose(): void {
    this.#program.dispose();
  }

  #grid({ width, height }: RgbImage): VitGrid {
    const { merge } = this.config;
    const [rows, columns] = [height / this.tokenSide, width / this.tokenSide];
    if (!Number.isInteger(rows) || !Number.isInteger(columns) || rows < 1 || columns < 1)
      throw new InputError(
        `picture: expected sides that are multiples of ${this.tokenSide} pixels, found ${width}×${height}`,
      );
    const most = this.config.architecture === "siglip" ? this.config.positionsPerSide : Infinity;
    if (Math.max(rows, columns) * merge > most)
      throw new InputError(`picture: expected at most ${most} patches a side, found ${columns}×${rows}`);
    return { rows: rows * merge, columns: columns * merge };
  }

  #planes(image: RgbImage, grid: VitGrid): Float32Array {
    const { patch, mean, deviation } = this.config;
    const [width, height] = [grid.columns * patch, grid.rows * patch];
    const resized = image.width === width && image.height === height ? image : resizeImage(image, width, height);
    return imageToPlanes(resized, channels(mean), channels(deviation));
  }
}

/** Sizes are symbols, so patches come in groups to show that they are multiples; memory order is unchanged. */
export function vitGraph(vit: VisionTransformer) {
  const [images, groups] = [symbol("images"), symbol("groups")];
  const places = mulDims(groups, vit.group);
  const patches = reshape(input("patches", [images, groups, vit.group, vit.patchSize]), [
    images,
    places,
    vit.patchSize,
  ]);
  const positions = reshape(input("positions", [1, groups, vit.group, 2]), [1, places, 1, 2]);
  const windowed = vit.config.architecture !== "siglip" && vit.config.windows;
  if (!windowed) return vit.forward(patches, positions);
  return vit.forward(patches, positions, reshape(input("padding", [images, groups, vit.group]), [images, places]));
}

/** Tokens in the order of their patches → row by row, without padding. */
function inReadingOrder(
  tokens: Float32Array,
  order: readonly PatchPlace[],
  { rows, columns }: VitGrid,
  { merge, outSize }: VitConfig,
): Float32Array {
  const inToken = merge ** 2;
  const [slots, count] = [order.length / inToken, (rows * columns) / inToken];
  const images = tokens.length / (slots * outSize);
  const result = new Float32Array(images * count * outSize);
  for (let slot = 0; slot < slots; slot++) {
    const place = order[slot * inToken];
    if (!place) continue;
    const token = ((place[0] / merge) * columns) / merge + place[1] / merge;
    for (let image = 0; image < images; image++) {
      const from = (image * slots + slot) * outSize;
      result.set(tokens.subarray(from, from + outSize), (image * count + token) * outSize);
    }
  }
  return result;
}

function channels(value: number | ChannelValues): ChannelValues {
  return typeof value === "number" ? [value, value, value] : value;
}
