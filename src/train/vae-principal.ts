/**
 * A start for autoencoders with a linear path: principal components of patches. The linear path then reconstructs as well
 * as any linear map of its rank can before the first step, and training is about what it leaves.
 */
import { InputError } from "../core/errors.ts";
import type { RgbImage } from "../core/image.ts";
import { Philox } from "../core/random.ts";
import { vaeDownscale, type FluxVaeConfig } from "../encoders/vae-config.ts";
import { planesOf } from "../encoders/vae-codec.ts";
import type { ParameterValues } from "../nn/parameters.ts";

/** Rounds of subspace iteration: the spectrum of patches falls off fast. */
const ROUNDS = 40;
/** Of the latents at the start, in their log: a standard deviation of 0.03 beside means of 1. */
const LOG_VARIANCE = -7;

/**
 * First values of `encoder.linear_skip`, `decoder.linear_skip` and of `encoder.conv_out.bias` (quiet latents), from
 * pictures of equal size. Latents start with mean 0 and deviation 1.
 */
export function principalStart(config: FluxVaeConfig, pictures: readonly RgbImage[]): ParameterValues {
  if (!config.linearSkip) throw new InputError("principalStart: expected a configuration with linearSkip, found none");
  const patch = vaeDownscale(config);
  const rank = config.latentChannels;
  const { mean, covariance } = patchStatistics(pictures, patch);
  const size = mean.length;
  const components = leadingComponents(covariance, size, rank);

  const encode = floats(rank * size);
  const encodeBias = floats(rank);
  const decode = floats(size * rank);
  for (let k = 0; k < rank; k++) {
    const component = components.subarray(k * size, (k + 1) * size);
    const deviation = Math.sqrt(quadratic(covariance, component));
    let offset = 0;
    for (let i = 0; i < size; i++) {
      encode[k * size + i] = component[i]! / deviation;
      decode[i * rank + k] = component[i]! * deviation;
      offset += (component[i]! / deviation) * mean[i]!;
    }
    encodeBias[k] = -offset;
  }
  const moments = floats(2 * rank);
  moments.fill(LOG_VARIANCE, rank);
  return new Map([
    ["encoder.linear_skip.weight", encode],
    ["encoder.linear_skip.bias", encodeBias],
    ["decoder.linear_skip.weight", decode],
    ["decoder.linear_skip.bias", Float32Array.from(mean)],
    ["encoder.conv_out.bias", moments],
  ]);
}

/** Mean and covariance of all patches as vectors (channel, row, column), in [−1, 1]. */
function patchStatistics(
  pictures: readonly RgbImage[],
  patch: number,
): { mean: Float64Array; covariance: Float64Array } {
  const planes = planesOf(pictures);
  const [n, , height, width] = planes.shape as [number, number, number, number];
  const size = 3 * patch * patch;
  const sum = new Float64Array(size);
  const products = new Float64Array(size * size);
  const vector = new Float64Array(size);
  const data = planes.data as Float32Array;
  let count = 0;
  for (let image = 0; image < n; image++)
    for (let top = 0; top < height; top += patch)
      for (let left = 0; left < width; left += patch) {
        let at = 0;
        for (let channel = 0; channel < 3; channel++)
          for (let y = 0; y < patch; y++) {
            const from = ((image * 3 + channel) * height + top + y) * width + left;
            for (let x = 0; x < patch; x++) vector[at++] = data[from + x]!;
          }
        for (let i = 0; i < size; i++) {
          const value = vector[i]!;
          sum[i]! += value;
          for (let j = 0; j <= i; j++) products[i * size + j]! += value * vector[j]!;
        }
        count++;
      }
  const mean = sum.map((value) => value / count);
  const covariance = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      const value = products[i * size + j]! / count - mean[i]! * mean[j]!;
      covariance[i * size + j] = value;
      covariance[j * size + i] = value;
    }
  return { mean, covariance };
}

/** The `rank` eigenvectors of the largest eigenvalues, [rank, size], by subspace iteration. */
function leadingComponents(covariance: Float64Array, size: number, rank: number): Float64Array {
  const random = new Philox(1);
  let basis = Float64Array.from({ length: rank * size }, () => random.normal());
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Float64Array(rank * size);
    for (let k = 0; k < rank; k++) next.set(multiply(covariance, basis.subarray(k * size, (k + 1) * size)), k * size);
    orthonormalise(next, size, rank);
    basis = next;
  }
  return basis;
}

/** Gram-Schmidt over rows, in place. Taking rows in order also turns the subspace towards single eigenvectors. */
function orthonormalise(rows: Float64Array, size: number, rank: number): void {
  for (let k = 0; k < rank; k++) {
    const row = rows.subarray(k * size, (k + 1) * size);
    for (let other = 0; other < k; other++) {
      const unit = rows.subarray(other * size, (other + 1) * size);
      const along = dot(row, unit);
      for (let i = 0; i < size; i++) row[i]! -= along * unit[i]!;
    }
    const length = Math.sqrt(dot(row, row));
    for (let i = 0; i < size; i++) row[i]! /= length;
  }
}

function multiply(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  return vector.map((_, i) => dot(matrix.subarray(i * size, (i + 1) * size), vector));
}

function quadratic(matrix: Float64Array, vector: Float64Array): number {
  return dot(multiply(matrix, vector), vector);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function floats(length: number): Float32Array {
  return new Float32Array(new ArrayBuffer(4 * length));
}
