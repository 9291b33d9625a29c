/** How far apart two values of a scale are, as Krippendorff's alpha takes it. */
export type Metric = "nominal" | "ordinal" | "interval";

/**
 * Krippendorff's alpha: 1 − observed ÷ expected disagreement. `units` holds the values that each unit was given, by whom
 * does not matter; units with fewer than two are not paired and do not count. Null where it is undefined: nothing is
 * paired, or all paired values are equal.
 * Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, sec. D.
 */
export function krippendorffAlpha(units: readonly (readonly number[])[], metric: Metric): number | null {
  const paired = units.filter((values) => values.length > 1);
  const scale = [...new Set(paired.flat())].sort((a, b) => a - b);
  const index = new Map(scale.map((value, i) => [value, i]));
  // coincidences[c][k]: pairs of c and k within units, each unit's pairs weighing as much as its values.
  const coincidences = scale.map(() => new Float64Array(scale.length));
  for (const values of paired)
    for (const [i, first] of values.entries())
      for (const [j, second] of values.entries())
        if (i !== j) coincidences[index.get(first)!]![index.get(second)!]! += 1 / (values.length - 1);
  const totals = coincidences.map((row) => row.reduce((sum, count) => sum + count, 0));
  const total = totals.reduce((sum, count) => sum + count, 0);
  const distance = squaredDistance(metric, scale, totals);
  let [observed, expected] = [0, 0];
  for (let c = 0; c < scale.length; c++) {
    for (let k = c + 1; k < scale.length; k++) {
      observed += coincidences[c]![k]! * distance(c, k);
      expected += totals[c]! * totals[k]! * distance(c, k);
    }
  }
  return expected === 0 ? null : 1 - ((total - 1) * observed) / expected;
}

/** δ² of the values number c < k of the scale. */
function squaredDistance(metric: Metric, scale: readonly number[], totals: readonly number[]) {
  if (metric === "nominal") return () => 1;
  if (metric === "interval") return (c: number, k: number) => (scale[c]! - scale[k]!) ** 2;
  // Ordinal: how many values lie from c to k, half of c's and half of k's own.
  return (c: number, k: number) => {
    const between = totals.slice(c, k + 1).reduce((sum, count) => sum + count, 0);
    return (between - (totals[c]! + totals[k]!) / 2) ** 2;
  };
}
