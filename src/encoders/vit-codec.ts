import { InputError } from "../core/errors.ts";
import type { RgbImage } from "../core/image.ts";
import { mulDims, symbol } from "../graph/dims.ts";
import { input, reshape } from "../graph/primitives.ts";
import { ParameterScope, type ParameterValues } from "../nn/parameters.ts";
import { compileModel } from "../onnx/emit.ts";
import type { HostTensor, Program, Runtime } from "../runtime/types.ts";
import { imageToPlanes, type ChannelValues } from "./preprocessing.ts";
import { resizeImage } from "./resize.ts";
import { cutPatches, patchPositions, type VitGrid } from "./vit-patches.ts";
import { Vit, type VitConfig } from "./vit.ts";

/** The architecture and what pixels are normalised by, on the 0 … 1 scale: one number, or one for each channel. */
export interface VitCodecConfig extends VitConfig {
  readonly mean: number | ChannelValues;
  readonly deviation: number | ChannelValues;
}

export interface VitCodecOptions {
  /** Pixels to a token's side of the pictures that come in: the VAE's, so that both encoders have one grid (mogao.md). */
  readonly tokenSide: number;
  /** What the names of the weights begin with. */
  readonly scope?: string;
}

/** Pictures → the tokens by which the model understands them; any size, in batches of one size. */
export class VitCodec {
  readonly config: VitCodecConfig;
  /** Pixels to a token's side: sizes of pictures are multiples of it. */
  readonly tokenSide: number;
  /** Numbers in a token: the model's width. */
  readonly tokenSize: number;
  readonly #program: Program;
  readonly #weights: Readonly<Record<string, HostTensor>>;

  /** `weights` stay in use: changing them changes later results. Throws InputError where one is missing. */
  static async open(
    runtime: Runtime,
    config: VitCodecConfig,
    weights: ParameterValues,
    { tokenSide, scope: scopeName = "vit" }: VitCodecOptions,
  ): Promise<VitCodec> {
    const scope = new ParameterScope().at(scopeName);
    const vit = new Vit(scope, config);
    const [images, tokens] = [symbol("images"), symbol("tokens")];
    const inToken = config.merge ** 2;
    const patches = input("patches", [images, tokens, inToken, vit.patchSize]);
    const positions = input("positions", [1, tokens, inToken, 2]);
    const count = mulDims(tokens, inToken);
    const { bytes } = compileModel(
      {
        tokens: vit.forward(reshape(patches, [images, count, vit.patchSize]), reshape(positions, [1, count, 1, 2])),
      },
      { name: "vit" },
    );
    const feeds = scope.all.map(({ name, shape }): [string, HostTensor] => {
      const data = weights.get(name);
      if (!data) throw new InputError(`vit: no weights for "${name}"`);
      return [name, { type: "float32", shape, data }];
    });
    return new VitCodec(config, tokenSide, await runtime.load(bytes), Object.fromEntries(feeds));
  }

  private constructor(
    config: VitCodecConfig,
    tokenSide: number,
    program: Program,
    weights: Readonly<Record<string, HostTensor>>,
  ) {
    this.config = config;
    this.tokenSide = tokenSide;
    this.tokenSize = config.outSize;
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
    const { merge, patch, temporalPatch } = this.config;
    const [rows, columns] = [first.height / this.tokenSide, first.width / this.tokenSide];
    if (!Number.isInteger(rows) || !Number.isInteger(columns) || rows < 1 || columns < 1)
      throw new InputError(
        `picture: expected sides that are multiples of ${this.tokenSide} pixels, found ${first.width}×${first.height}`,
      );
    const grid: VitGrid = { rows: rows * merge, columns: columns * merge };
    const patchSize = 3 * temporalPatch * patch ** 2;
    const size = grid.rows * grid.columns * patchSize;
    const patches = new Float32Array(new ArrayBuffer(4 * size * images.length));
    images.forEach((image, i) => {
      if (image.width !== first.width || image.height !== first.height)
        throw new InputError(
          `picture ${i}: expected ${first.width}×${first.height} as the first, found ${image.width}×${image.height}`,
        );
      const [width, height] = [grid.columns * patch, grid.rows * patch];
      const resized = image.width === width && image.height === height ? image : resizeImage(image, width, height);
      const planes = imageToPlanes(resized, channels(this.config.mean), channels(this.config.deviation));
      cutPatches(planes, height, width, this.config, patches.subarray(i * size, (i + 1) * size));
    });
    const tokens = rows * columns;
    const result = await this.#program.run({
      ...this.#weights,
      patches: { type: "float32", shape: [images.length, tokens, merge ** 2, patchSize], data: patches },
      positions: { type: "float32", shape: [1, tokens, merge ** 2, 2], data: patchPositions(grid, merge) },
    });
    return result["tokens"]!.data as Float32Array;
  }

  dispose(): void {
    this.#program.dispose();
  }
}

function channels(value: number | ChannelValues): ChannelValues {
  return typeof value === "number" ? [value, value, value] : value;
}
