/** The objective of our own autoencoder: pixels, edges and a light pull of the latents towards N(0, 1). */
import type { Dim } from "../graph/dims.ts";
import { abs, add, exp, mul, reduceMean, slice, sub } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Vae } from "../encoders/vae.ts";

const EDGE_WEIGHT = 0.5;
const KL_WEIGHT = 5e-4;

export interface VaeLoss {
  /** L1 + 0.5·gradient L1 + squared error + 5e-4·KL; scalars all. */
  readonly loss: Tensor;
  readonly squaredError: Tensor;
  /** Nats a latent number. */
  readonly kl: Tensor;
}

/** x [n, 3, h, w] in [−1, 1]; noise [n, c, h/8, w/8], standard normal, samples the latents. */
export function vaeLoss(vae: Vae, x: Tensor, noise: Tensor): VaeLoss {
  const { mean, logVariance } = vae.encode(x);
  const z = add(mean, mul(noise, exp(mul(logVariance, 0.5))));
  const error = sub(vae.decode(z), x);
  const squaredError = reduceMean(mul(error, error));
  const edges = add(reduceMean(abs(difference(error, 2))), reduceMean(abs(difference(error, 3))));
  const spread = sub(add(mul(mean, mean), exp(logVariance)), add(logVariance, 1));
  const kl = mul(reduceMean(spread), 0.5);
  const pixels = add(reduceMean(abs(error)), squaredError);
  return { loss: add(add(pixels, mul(edges, EDGE_WEIGHT)), mul(kl, KL_WEIGHT)), squaredError, kl };
}

/** x[i + 1] − x[i] along one axis; a linear map, so that the difference of gradients is the gradient of the error. */
function difference(x: Tensor, axis: number): Tensor {
  const size = x.shape[axis] as Dim & number;
  return sub(slice(x, axis, 1, size), slice(x, axis, 0, size - 1));
}
