import type { RgbImage } from "../core/image.ts";

/**
 * Resampling by a separable kernel, the same in Node and browsers. When shrinking, the kernel is widened by the scale, so that every input
 * pixel counts ("antialias" in torchvision, always on in Pillow).
 */
export type ResizeFilter = "bicubic" | "bilinear";

/**
 * Resizes an 8-bit picture. Reproduces `Image.resize` of Pillow up to 12 bit for bit (fixed-point weights of 22 bits, width first, 8-bit rows
 * between the two passes), because the public encoders were trained on pictures resized by it; Pillow 13 changes the order of the passes
 * where only the height shrinks.
 */
export function resizeImage(
  image: RgbImage,
  width: number,
  height: number,
  filter: ResizeFilter = "bicubic",
): RgbImage {
  checkSize(width, height);
  let { data } = image;
  if (width !== image.width) {
    const taps = fixedPoint(kernelTaps(image.width, width, filter));
    data = resampleBytes(data, taps, { outer: image.height, size: image.width, inner: 3 });
  }
  if (height !== image.height) {
    const taps = fixedPoint(kernelTaps(image.height, height, filter));
    data = resampleBytes(data, taps, { outer: 1, size: image.height, inner: width * 3 });
  }
  return { width, height, data: data === image.data ? data.slice() : data };
}

/**
 * Resizes float planes `[channels, height, width]` without rounding or clipping between or after the passes, as
 * torch's `interpolate(antialias=True)` does; bicubic may overshoot the input's range.
 */
export function resizePlanes(
  planes: Float32Array,
  from: { width: number; height: number },
  to: { width: number; height: number },
  filter: ResizeFilter = "bicubic",
): Float32Array {
  checkSize(to.width, to.height);
  const rows = planes.length / from.width;
  const channels = rows / from.height;
  if (!Number.isInteger(channels))
    throw new RangeError(`resizePlanes: ${planes.length} values are no planes of ${from.width}×${from.height}`);
  const wide = resampleFloats(planes, kernelTaps(from.width, to.width, filter), {
    outer: rows,
    size: from.width,
    inner: 1,
  });
  return resampleFloats(wide, kernelTaps(from.height, to.height, filter), {
    outer: channels,
    size: from.height,
    inner: to.width,
  });
}

/** For each output position: the first input position that it sees, and the weights of it and those that follow. */
interface Taps<Weights> {
  readonly first: Int32Array;
  readonly weights: readonly Weights[];
}

/** An array seen as [outer, size, inner], of which the middle axis is resampled. */
interface Axis {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

/** Keys' cubic convolution with a = −0.5, and the triangle; `radius` is half the support. */
const kernels: Record<ResizeFilter, { radius: number; value: (x: number) => number }> = {
  bicubic: {
    radius: 2,
    value(x) {
      const d = Math.abs(x);
      if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
      if (d < 2) return ((-0.5 * d + 2.5) * d - 4) * d + 2;
      return 0;
    },
  },
  bilinear: { radius: 1, value: (x) => Math.max(0, 1 - Math.abs(x)) },
};

function kernelTaps(inputSize: number, outputSize: number, filter: ResizeFilter): Taps<Float64Array> {
  const { radius, value } = kernels[filter];
  const scale = inputSize / outputSize;
  const widening = Math.max(scale, 1);
  const reach = radius * widening;
  const first = new Int32Array(outputSize);
  const weights = Array.from({ length: outputSize }, (_, position) => {
    const center = (position + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(center - reach + 0.5));
    const end = Math.min(inputSize, Math.trunc(center + reach + 0.5));
    first[position] = begin;
    const row = Float64Array.from({ length: end - begin }, (_w, i) => value((begin + i + 0.5 - center) / widening));
    const sum = row.reduce((total, weight) => total + weight, 0);
    return row.map((weight) => weight / sum);
  });
  return { first, weights };
}

const fractionBits = 22;

function fixedPoint({ first, weights }: Taps<Float64Array>): Taps<Int32Array> {
  const one = 2 ** fractionBits;
  const round = (x: number): number => (x < 0 ? Math.ceil(x - 0.5) : Math.floor(x + 0.5));
  return { first, weights: weights.map((row) => Int32Array.from(row, (weight) => round(weight * one))) };
}

function resampleBytes(input: Uint8Array, { first, weights }: Taps<Int32Array>, axis: Axis): Uint8Array {
  const output = new Uint8ClampedArray(axis.outer * weights.length * axis.inner);
  for (let o = 0, at = 0; o < axis.outer; o++)
    for (let position = 0; position < weights.length; position++) {
      const row = weights[position]!;
      const start = (o * axis.size + first[position]!) * axis.inner;
      for (let i = 0; i < axis.inner; i++) {
        let sum = 1 << (fractionBits - 1);
        for (let k = 0, from = start + i; k < row.length; k++, from += axis.inner) sum += row[k]! * input[from]!;
        output[at++] = sum >> fractionBits;
      }
    }
  return new Uint8Array(output.buffer);
}

function resampleFloats(input: Float32Array, { first, weights }: Taps<Float64Array>, axis: Axis): Float32Array {
  const output = new Float32Array(axis.outer * weights.length * axis.inner);
  for (let o = 0, at = 0; o < axis.outer; o++)
    for (let position = 0; position < weights.length; position++) {
      const row = weights[position]!;
      const start = (o * axis.size + first[position]!) * axis.inner;
      for (let i = 0; i < axis.inner; i++) {
        let sum = 0;
        for (let k = 0, from = start + i; k < row.length; k++, from += axis.inner) sum += row[k]! * input[from]!;
        output[at++] = sum;
      }
    }
  return output;
}

function checkSize(width: number, height: number): void {
  if (!Number.isSafeInteger(width) || !Number.isSafeInteger(height) || width < 1 || height < 1)
    throw new RangeError(`resize: expected a positive integer size, found ${width}×${height}`);
}
