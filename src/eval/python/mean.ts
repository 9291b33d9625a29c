/** From so many numbers on, NumPy adds in eight interleaved sums … */
const LANES = 8;
/** … and beyond so many it halves first. */
const BLOCK = 128;

/** `np.mean` of float64: NumPy adds pairwise, so that the last digit differs from a running sum. NaN for no numbers. */
export function mean(values: readonly number[]): number {
  return sum(values, 0, values.length) / values.length;
}

function sum(values: readonly number[], start: number, count: number): number {
  if (count < LANES) {
    let total = 0;
    for (let i = 0; i < count; i++) total += values[start + i]!;
    return total;
  }
  if (count > BLOCK) {
    const half = Math.floor(count / 2 / LANES) * LANES;
    return sum(values, start, half) + sum(values, start + half, count - half);
  }
  const lanes = values.slice(start, start + LANES);
  const whole = count - (count % LANES);
  for (let i = LANES; i < whole; i++) lanes[i % LANES]! += values[start + i]!;
  const [a, b, c, d, e, f, g, h] = lanes as [number, number, number, number, number, number, number, number];
  let total = a + b + (c + d) + (e + f + (g + h));
  for (let i = whole; i < count; i++) total += values[start + i]!;
  return total;
}
