/** What stands between an autoencoder's raw latents and the tokens that the flow model works on. */
import { divDims, mulDims, type Dim } from "../graph/dims.ts";
import { add, constant, div, mul, reshape, sub, transpose } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { latentsPerSide, type VaeConfig } from "./vae-config.ts";

/** Raw latents [n, c, h, w] → (z − shift)·scale. */
export function normaliseLatents(z: Tensor, { shift, scale }: VaeConfig): Tensor {
  return mul(sub(z, statistic(shift)), statistic(scale));
}

/** The inverse of {@link normaliseLatents}. */
export function denormaliseLatents(z: Tensor, { shift, scale }: VaeConfig): Tensor {
  return add(div(z, statistic(scale)), statistic(shift));
}

/** [n, c, h, w] → one token for each square of latents (2×2 for FLUX, p×p in general), [n, h/p·w/p, p²·c], tokens row by row. */
export function packLatents(z: Tensor, config: VaeConfig): Tensor {
  const [n, c, h, w] = z.shape as [Dim, number, Dim, Dim];
  const side = latentsPerSide(config);
  const rows = divDims(h, side);
  const columns = divDims(w, side);
  if (rows === undefined || columns === undefined)
    throw new Error(`packLatents: expected sides that are multiples of ${side}, found ${h}×${w}`);
  const split = reshape(z, [n, c, rows, side, columns, side]);
  const order = config.packing === "channel-last" ? [0, 2, 4, 3, 5, 1] : [0, 2, 4, 1, 3, 5];
  return reshape(transpose(split, order), [n, mulDims(rows, columns), side * side * c]);
}

/** The inverse of {@link packLatents}, for so many rows and columns of tokens. */
export function unpackLatents(tokens: Tensor, rows: Dim, columns: Dim, config: VaeConfig): Tensor {
  const [n] = tokens.shape as [Dim];
  const side = latentsPerSide(config);
  const c = config.latentChannels;
  const channelLast = config.packing === "channel-last";
  const split = reshape(tokens, channelLast ? [n, rows, columns, side, side, c] : [n, rows, columns, c, side, side]);
  const joined = transpose(split, channelLast ? [0, 5, 1, 3, 2, 4] : [0, 3, 1, 4, 2, 5]);
  return reshape(joined, [n, c, mulDims(rows, side), mulDims(columns, side)]);
}

function statistic(value: number | readonly number[]): Tensor {
  return typeof value === "number" ? constant(value) : constant(value, [value.length, 1, 1]);
}
