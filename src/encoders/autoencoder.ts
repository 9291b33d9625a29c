import type { Tensor } from "../graph/tensor.ts";
import type { ParameterInfo } from "../nn/parameters.ts";
import type { VaeConfig } from "./vae-config.ts";
import { Vae } from "./vae.ts";
import { WanVae } from "./wan-vae.ts";

/** Diagonal Gaussian over raw latents; both [n, c, h, w] of the latents. */
export interface LatentDistribution {
  readonly mean: Tensor;
  readonly logVariance: Tensor;
}

/** What all autoencoders have in common; see {@link Vae} and {@link WanVae}. */
export interface Autoencoder {
  readonly config: VaeConfig;
  readonly parameters: readonly ParameterInfo[];
  /** Pictures [n, 3, height, width] in [−1, 1] → the distribution of their raw latents. */
  encode(x: Tensor): LatentDistribution;
  /** Raw latents → pictures, about in [−1, 1]. */
  decode(z: Tensor): Tensor;
}

export function createVae(config: VaeConfig): Autoencoder {
  return config.architecture === "wan2.2" ? new WanVae(config) : new Vae(config);
}
