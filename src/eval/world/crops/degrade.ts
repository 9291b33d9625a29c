/** What can befall a picture without changing what it shows. */
import { createImage, type RgbImage } from "../../../core/image.ts";
import { Philox } from "../../../core/random.ts";

/** Gaussian blur; `sigma` in pixels. */
export function blurred({ width, height, data }: RgbImage, sigma: number): RgbImage {
  const kernel = gaussian(sigma);
  const reach = kernel.length - 1;
  const rows = new Float32Array(data.length);
  const out = createImage(width, height);
  // Along the rows, then along the columns; pixels beyond the edge are those on it.
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let k = -reach; k <= reach; k++) {
        const from = 3 * (y * width + Math.min(width - 1, Math.max(0, x + k)));
        for (let c = 0; c < 3; c++) rows[3 * (y * width + x) + c]! += kernel[Math.abs(k)]! * data[from + c]!;
      }
  const sum = new Float32Array(3 * width);
  for (let y = 0; y < height; y++) {
    sum.fill(0.5);
    for (let k = -reach; k <= reach; k++) {
      const from = 3 * width * Math.min(height - 1, Math.max(0, y + k));
      for (let i = 0; i < sum.length; i++) sum[i]! += kernel[Math.abs(k)]! * rows[from + i]!;
    }
    out.data.set(sum, 3 * width * y);
  }
  return out;
}

/** Half of a kernel that sums to 1: the middle, then what lies on one side of it. */
function gaussian(sigma: number): Float32Array {
  const half = Float32Array.from({ length: Math.ceil(3 * sigma) + 1 }, (_, i) =>
    Math.exp(-(i * i) / (2 * sigma * sigma)),
  );
  const total = half.reduce((sum, value, i) => sum + (i === 0 ? 1 : 2) * value, 0);
  return half.map((value) => value / total);
}

/** Normal values that {@link noisy} reads from a random place on. A prime number of them: no row of a picture repeats another. */
const NOISE = new Philox(1).fillNormal(new Float32Array(16_381));

/** Gaussian noise of a deviation, of 255, on every channel of every pixel. */
export function noisy({ width, height, data }: RgbImage, deviation: number, random: Philox): RgbImage {
  const start = random.int(NOISE.length);
  return {
    width,
    height,
    data: data.map((value, i) => clampByte(value + deviation * NOISE[(start + i) % NOISE.length]!)),
  };
}

/** Each channel scaled about the middle gray by `contrast`, then shifted by its part of `shift`, of 255. */
export function toned({ width, height, data }: RgbImage, contrast: number, shift: readonly number[]): RgbImage {
  return { width, height, data: data.map((value, i) => clampByte(128 + contrast * (value - 128) + shift[i % 3]!)) };
}

function clampByte(value: number): number {
  return Math.min(255, Math.max(0, Math.round(value)));
}
