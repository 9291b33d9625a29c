import type { OutputErrors } from "../weights/output-errors.ts";
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
  return inColumns([["matrix", "bits, block", "error", "worst (layer)"], ...rows]);
}

/**
 * The errors of what a quantised model's layers put out, each alone and with those before it, and of what comes out at the end.
 */
export function outputErrorTable({ embeddings, layers, logits, sameToken, velocity, vit }: OutputErrors): string {
  const cell = (error: number | undefined) => (error === undefined ? "" : percent(error));
  const drawn = embeddings.visual !== undefined;
  const row = (name: string, [alone, total]: (number | undefined)[], visual: (number | undefined)[]) => [
    name,
    cell(alone),
    cell(total),
    ...(drawn ? [cell(visual[0]), cell(visual[1])] : []),
  ];
  const table = inColumns([
    ["after layer", "text alone", "in all", ...(drawn ? ["latents alone", "in all"] : [])],
    row("(embeddings)", [undefined, embeddings.text], [undefined, embeddings.visual]),
    ...layers.map(({ layer, text, visual }) =>
      row(String(layer), [text.alone, text.total], [visual?.alone, visual?.total]),
    ),
    row("(heads)", [undefined, logits], [undefined, velocity]),
  ]);
  const tokens = `the same likeliest token in ${percent(sameToken)} of places`;
  return [table, vit === undefined ? tokens : `${tokens}; tokens of the ViT: ${percent(vit)}`].join("\n");
}

/** The first column to the left, the others to the right. */
function inColumns(table: readonly (readonly string[])[]): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "))
    .join("\n");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
