import { InputError } from "../core/errors.ts";
import type { RgbImage } from "../core/image.ts";
import { mulDims, symbol } from "../graph/dims.ts";
import { input, reshape } from "../graph/primitives.ts";
import type { ParameterValues } from "../nn/parameters.ts";
import { compileModel } from "../onnx/emit.ts";
import type { HostTensor, Program, ProgramOptions, Runtime } from "../runtime/types.ts";
import { createVae, type Autoencoder } from "./autoencoder.ts";
import { denormaliseLatents, normaliseLatents, packLatents, unpackLatents } from "./latents.ts";
import { imageToPlanes, planesToImage, type ChannelValues } from "./preprocessing.ts";
import { vaeTokenSide, vaeTokenSize, type VaeConfig } from "./vae-config.ts";

/** Bytes 0 … 255 ↔ [−1, 1]. */
const HALF: ChannelValues = [0.5, 0.5, 0.5];

/** Pictures ↔ the packed, normalised latent tokens that the model reads and draws; any size, in batches of one size. */
export class VaeCodec {
  readonly config: VaeConfig;
  /** Pixels to a token's side: sizes of pictures are multiples of it. */
  readonly tokenSide: number;
  /** Numbers in a token. */
  readonly tokenSize: number;
  readonly #encoder: Program;
  readonly #decoder: Program;
  readonly #weights: Readonly<Record<string, HostTensor>>;

  /** `weights` stay in use: changing them changes later results. `options` are those of its programs. */
  static async open(
    runtime: Runtime,
    config: VaeConfig,
    weights: ParameterValues,
    options: Pick<ProgramOptions, "releaseMemory"> = {},
  ): Promise<VaeCodec> {
    const vae = createVae(config);
    const [encoder, decoder] = [encoderModel(vae), decoderModel(vae)];
    return new VaeCodec(vae, await runtime.load(encoder, options), await runtime.load(decoder, options), weights);
  }

  private constructor(vae: Autoencoder, encoder: Program, decoder: Program, weights: ParameterValues) {
    this.config = vae.config;
    this.tokenSide = vaeTokenSide(vae.config);
    this.tokenSize = vaeTokenSize(vae.config);
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.#weights = Object.fromEntries(
      vae.parameters.map(({ name, shape }) => {
        const data = weights.get(name);
        if (!data) throw new InputError(`vae: no weights for "${name}"`);
        return [name, { type: "float32", shape, data } satisfies HostTensor];
      }),
    );
  }

  /**
   * Pictures of equal size (multiples of {@link tokenSide}) → the means of their latents, packed and normalised:
   * [picture, token, {@link tokenSize}], tokens row by row.
   */
  async encode(images: readonly RgbImage[]): Promise<Float32Array> {
    const first = images[0];
    if (!first) return new Float32Array(0);
    const { width, height } = first;
    const { rows, columns } = this.#grid(width, height);
    images.forEach((image, i) => {
      if (image.width !== width || image.height !== height)
        throw new InputError(
          `picture ${i}: expected ${width}×${height} as the first, found ${image.width}×${image.height}`,
        );
    });
    const { data } = planesOf(images);
    const shape = [images.length, 3, rows, this.tokenSide, columns, this.tokenSide];
    const pictures: HostTensor = { type: "float32", shape, data };
    const { tokens } = await this.#encoder.run({ pictures, ...this.#feeds(this.#encoder) });
    return tokens!.data as Float32Array;
  }

  /** One picture's tokens, as {@link encode} gives them → the picture. */
  async decode(tokens: Float32Array, width: number, height: number): Promise<RgbImage> {
    const { rows, columns } = this.#grid(width, height);
    const expected = rows * columns * this.tokenSize;
    if (tokens.length !== expected)
      throw new InputError(
        `tokens of a ${width}×${height} picture: expected ${expected} numbers, found ${tokens.length}`,
      );
    const data = new Float32Array(new ArrayBuffer(4 * expected));
    data.set(tokens);
    const latents: HostTensor = { type: "float32", shape: [1, rows, columns, this.tokenSize], data };
    const { picture } = await this.#decoder.run({ tokens: latents, ...this.#feeds(this.#decoder) });
    return planesToImage(picture!.data as Float32Array, { width, height }, HALF, HALF);
  }

  dispose(): void {
    this.#encoder.dispose();
    this.#decoder.dispose();
  }

  #grid(width: number, height: number): { rows: number; columns: number } {
    const side = this.tokenSide;
    if (!(width >= side && height >= side && width % side === 0 && height % side === 0))
      throw new InputError(`picture: expected sides that are multiples of ${side} pixels, found ${width}×${height}`);
    return { rows: height / side, columns: width / side };
  }

  #feeds(program: Program): Record<string, HostTensor> {
    const needed = program.inputNames.filter((name) => name in this.#weights);
    return Object.fromEntries(needed.map((name) => [name, this.#weights[name]!]));
  }
}

/** Pictures of one size as a tensor [n, 3, height, width] in [−1, 1]. */
export function planesOf(images: readonly RgbImage[]): HostTensor {
  const { width, height } = images[0] ?? { width: 0, height: 0 };
  const size = 3 * width * height;
  const data = new Float32Array(new ArrayBuffer(4 * size * images.length));
  images.forEach((image, i) => data.set(imageToPlanes(image, HALF, HALF), i * size));
  return { type: "float32", shape: [images.length, 3, height, width], data };
}

/** Sizes are symbols, so axes of the inputs are split to show that they are multiples; memory order is unchanged. */
function encoderModel(vae: Autoencoder): Uint8Array {
  const [n, rows, columns] = [symbol("n"), symbol("rows"), symbol("columns")];
  const side = vaeTokenSide(vae.config);
  const pictures = input("pictures", [n, 3, rows, side, columns, side]);
  const x = reshape(pictures, [n, 3, mulDims(rows, side), mulDims(columns, side)]);
  const tokens = packLatents(normaliseLatents(vae.encode(x).mean, vae.config), vae.config);
  return compileModel({ tokens }, { name: "vae-encoder" }).bytes;
}

function decoderModel(vae: Autoencoder): Uint8Array {
  const [n, rows, columns] = [symbol("n"), symbol("rows"), symbol("columns")];
  const size = vaeTokenSize(vae.config);
  const tokens = reshape(input("tokens", [n, rows, columns, size]), [n, mulDims(rows, columns), size]);
  const latents = denormaliseLatents(unpackLatents(tokens, rows, columns, vae.config), vae.config);
  return compileModel({ picture: vae.decode(latents) }, { name: "vae-decoder" }).bytes;
}
