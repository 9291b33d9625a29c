/** A table in Markdown whose columns are as wide as their widest cell, the first to the left, the others to the right. */
export function markdownTable(rows: readonly (readonly string[])[]): string[] {
  const [head, ...body] = rows;
  const widths = head!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head!), `| ${rule.join(" | ")} |`, ...body.map(line)];
}
