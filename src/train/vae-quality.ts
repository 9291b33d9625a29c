import type { RgbImage } from "../core/image.ts";
import type { VaeCodec } from "../encoders/vae-codec.ts";

export interface ReconstructionPsnr {
  /** Of the squared error averaged over all pixels of all pictures: bad pictures weigh most. dB. */
  readonly pooled: number;
  /** Mean of the pictures' own ratios; an exact one counts as {@link EXACT}. dB. */
  readonly mean: number;
}

/** What 8-bit pictures that agree in every pixel but a few count as, in dB. */
const EXACT = 60;

/** Peak signal to noise ratio of pictures (of one size) after encoding and decoding, on 8-bit pixels. */
export async function reconstructionPsnr(codec: VaeCodec, pictures: readonly RgbImage[]): Promise<ReconstructionPsnr> {
  const tokens = await codec.encode(pictures);
  const size = tokens.length / pictures.length;
  const errors: number[] = [];
  for (const [i, { width, height, data }] of pictures.entries()) {
    const copy = await codec.decode(tokens.subarray(i * size, (i + 1) * size), width, height);
    let sum = 0;
    for (let p = 0; p < data.length; p++) sum += (data[p]! - copy.data[p]!) ** 2;
    errors.push(sum / data.length);
  }
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return { pooled: decibels(mean(errors)), mean: mean(errors.map(decibels)) };
}

function decibels(squaredError: number): number {
  return Math.min(EXACT, 10 * Math.log10(255 ** 2 / squaredError));
}
