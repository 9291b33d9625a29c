/**
 * IEEE 754 binary16 and bfloat16, carried as raw 16-bit patterns (`Uint16Array`), to and from float32.
 * Narrowing rounds to nearest, ties to even, with subnormals; every 16-bit pattern (NaN payloads too) survives a round trip.
 * The work is done on bit patterns, because a NaN that passes through a JavaScript number may lose its payload.
 */

/** Float16 patterns as float32. `out` (same length) may be given. */
export function float16ToFloat32(bits: Uint16Array, out: Float32Array = new Float32Array(bits.length)): Float32Array {
  checkLength(bits, out);
  const words = wordsOf(out);
  for (let i = 0; i < bits.length; i++) words[i] = widenFloat16(bits[i]!);
  return out;
}

/** Float32 as float16 patterns; what exceeds 65504 by half a step or more becomes infinite. */
export function float32ToFloat16(values: Float32Array, out: Uint16Array = new Uint16Array(values.length)): Uint16Array {
  checkLength(values, out);
  const words = wordsOf(values);
  for (let i = 0; i < words.length; i++) out[i] = narrowToFloat16(words[i]!);
  return out;
}

/** Bfloat16 patterns as float32 (exact: bfloat16 is the upper half of a float32). */
export function bfloat16ToFloat32(bits: Uint16Array, out: Float32Array = new Float32Array(bits.length)): Float32Array {
  checkLength(bits, out);
  const words = wordsOf(out);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return out;
}

/** Float32 as bfloat16 patterns. */
export function float32ToBfloat16(
  values: Float32Array,
  out: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
  checkLength(values, out);
  const words = wordsOf(values);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    // A NaN whose payload lies in the dropped half must not become infinite: set its quiet bit.
    if (isNaN) out[i] = (word & 0x007f0000) === 0 ? (word >>> 16) | 0x40 : word >>> 16;
    else out[i] = (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return out;
}

function widenFloat16(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (mantissa << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (mantissa << 13);
  if (mantissa === 0) return sign;
  // Subnormal, mantissa · 2^-24: shift its leading one up to the implicit place, bit 10.
  const shift = Math.clz32(mantissa) - 21;
  return sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13);
}

function narrowToFloat16(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) {
    const payload = (magnitude >>> 13) & 0x3ff;
    return sign | 0x7c00 | (payload === 0 ? 0x200 : payload);
  }
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520, half a step above the largest finite value
  if (magnitude >= 0x38800000) {
    // Normal, ≥ 2^-14: rebias the exponent by 112 and round off 13 bits; a carry moves into the exponent by itself.
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  if (magnitude <= 0x33000000) return sign; // ≤ 2^-25, half the smallest subnormal: the tie goes to even, zero
  const shift = 126 - (magnitude >>> 23); // 14 … 24: bits to drop so that one unit is 2^-24
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const kept = mantissa >>> shift;
  const dropped = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (dropped > half || (dropped === half && (kept & 1) === 1) ? kept + 1 : kept);
}

function wordsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function checkLength(from: ArrayLike<number>, to: ArrayLike<number>): void {
  if (from.length !== to.length)
    throw new RangeError(`half: ${from.length} values do not fit an array of ${to.length}`);
}
