/** Rounds matrices to codes and scales (nn/quantization.ts), and says what that costs. */
import type { MatrixShape, Quantization } from "../nn/quantization.ts";

export interface QuantizedValues {
  /** Bytes of [rows, blocks, block · bits / 8]. */
  readonly codes: Uint8Array;
  /** [rows, blocks] */
  readonly scales: Float32Array;
  /** ‖W − quantised W‖ / ‖W‖; 0 for a matrix of zeros. */
  readonly error: number;
}

/** Times that codes are chosen for the scale and the scale for the codes: a third round gains less than 1% of the error. */
const ROUNDS = 2;

/** Nearest codes under the scale that fits them best in squares, block by block. The error of numbers that are not finite is NaN. */
export function quantize(values: Float32Array, shape: MatrixShape, { bits, block }: Quantization): QuantizedValues {
  const [rows, columns] = shape;
  const blocks = (rows * columns) / block;
  const codes = new Uint8Array((rows * columns * bits) / 8);
  const scales = new Float32Array(blocks);
  const units = new Int32Array(block);
  let lost = 0;
  let total = 0;
  for (let at = 0; at < blocks; at++) {
    const weights = values.subarray(at * block, (at + 1) * block);
    const scale = fitScale(weights, units, bits);
    scales[at] = scale;
    for (let i = 0; i < block; i++) {
      const weight = weights[i]!;
      lost += (weight - scale * units[i]!) ** 2;
      total += weight * weight;
    }
    writeCodes(units, bits, codes, (at * block * bits) / 8);
  }
  return { codes, scales, error: total === 0 ? 0 : Math.sqrt(lost / total) };
}

/** Writes whole numbers in [−2^(bits−1), 2^(bits−1)) that stand for the weights; returns the scale. */
function fitScale(weights: Float32Array, units: Int32Array, bits: number): number {
  const least = -(2 ** (bits - 1));
  const most = -least - 1;
  let extreme = 0;
  for (let i = 0; i < weights.length; i++) if (Math.abs(weights[i]!) > Math.abs(extreme)) extreme = weights[i]!;
  // The extreme becomes the least unit: there is one more of them below zero than above.
  let scale = extreme === 0 ? 0 : Math.fround(extreme / least);
  for (let round = 0; round < ROUNDS && scale !== 0; round++) {
    let products = 0;
    let squares = 0;
    const inverse = 1 / scale;
    for (let i = 0; i < weights.length; i++) {
      const unit = Math.max(least, Math.min(most, Math.round(weights[i]! * inverse)));
      units[i] = unit;
      products += unit * weights[i]!;
      squares += unit * unit;
    }
    scale = Math.fround(products / squares);
  }
  if (scale === 0) units.fill(0);
  return scale;
}

function writeCodes(units: Int32Array, bits: number, codes: Uint8Array, offset: number): void {
  const zero = 2 ** (bits - 1);
  if (bits === 8) {
    for (let i = 0; i < units.length; i++) codes[offset + i] = units[i]! + zero;
    return;
  }
  for (let i = 0; i < units.length; i += 2) codes[offset + i / 2] = (units[i]! + zero) | ((units[i + 1]! + zero) << 4);
}
