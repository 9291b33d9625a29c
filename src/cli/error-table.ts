import type { MatrixError } from "../weights/quantize-model.ts";

/**
 * The errors of a model's matrices, one line for each kind (the same place in every layer): root mean square over the layers, and the worst
 * layer's.
 */
export function errorTable(errors: readonly MatrixError[]): string {
  const kinds = new Map<string, MatrixError[]>();
  for (const error of errors) {
    const kind = error.name.replace(/\.\d+\./, ".*.");
    kinds.set(kind, [...(kinds.get(kind) ?? []), error]);
  }
  const rows = [...kinds].map(([kind, list]) => {
    const worst = list.reduce((a, b) => (b.error > a.error ? b : a));
    const mean = Math.sqrt(list.reduce((sum, { error }) => sum + error ** 2, 0) / list.length);
    const layer = /\.(\d+)\./.exec(worst.name)?.[1];
    return [
      kind,
      `${worst.bits} in ${worst.block}`,
      percent(mean),
      `${percent(worst.error)}${layer === undefined || list.length === 1 ? "" : ` (${layer})`}`,
    ];
  });
  const table = [["matrix", "bits, block", "error", "worst (layer)"], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "))
    .join("\n");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
