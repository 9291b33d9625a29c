/** From a trained autoencoder to the files of a model: statistics of its latents, then weights and configuration. */
import { InputError } from "../core/errors.ts";
import type { RgbImage } from "../core/image.ts";
import { VaeCodec } from "../encoders/vae-codec.ts";
import type { VaeConfig } from "../encoders/vae-config.ts";
import { latentDeviations } from "./latent-deviations.ts";
import { saveVae, type StoredVae } from "../weights/vae-files.ts";
import type { ParameterValues } from "../nn/parameters.ts";
import type { Runtime } from "../runtime/types.ts";

/** Digits that statistics are stored with: more than a few thousand pictures support. */
const DIGITS = 6;

/** Of {@link latentDeviations}. */
export const LATENT_POWER = 0.5;

/**
 * `config` with the shift and scale that give every latent channel mean 0 and deviation 1 over `batches`, each of pictures of
 * one size.
 */
export async function measureLatents(
  runtime: Runtime,
  config: VaeConfig,
  weights: ParameterValues,
  batches: Iterable<readonly RgbImage[]>,
): Promise<VaeConfig> {
  const channels = config.latentChannels;
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let count = 0;
  const codec = await VaeCodec.open(runtime, { ...config, shift: 0, scale: 1 }, weights);
  try {
    for (const batch of batches) {
      const tokens = await codec.encode(batch);
      tokens.forEach((value, i) => {
        const channel = config.packing === "channel-last" ? i % channels : Math.floor((i % (4 * channels)) / 4);
        sums[channel]! += value;
        squares[channel]! += value * value;
      });
      count += tokens.length / channels;
    }
  } finally {
    codec.dispose();
  }
  if (count === 0) throw new InputError("measureLatents: expected at least one picture, found none");
  const shift = Array.from(sums, (sum) => sum / count);
  const scale = Array.from(squares, (square, i) => 1 / Math.sqrt(square / count - shift[i]! ** 2));
  return { ...config, shift: shift.map(rounded), scale: scale.map(rounded) };
}

/** Measures latents over `batches` and writes the autoencoder into `folder`, its channels normalised to {@link latentDeviations}; returns its configuration. */
export async function exportVae(
  runtime: Runtime,
  { config, weights }: StoredVae,
  batches: Iterable<readonly RgbImage[]>,
  folder: string,
): Promise<VaeConfig> {
  const measured = await measureLatents(runtime, config, weights, batches);
  const exported = withDeviations(measured, latentDeviations({ config, weights }, LATENT_POWER));
  await saveVae(folder, { config: exported, weights });
  return exported;
}

/** `config` with each channel's scale multiplied. */
export function withDeviations(config: VaeConfig, deviations: readonly number[]): VaeConfig {
  const { scale } = config;
  return { ...config, scale: deviations.map((d, i) => rounded(d * (typeof scale === "number" ? scale : scale[i]!))) };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
