import { markdownTable } from "../markdown-table.ts";
import type { Estimate, HumanReport } from "./report.ts";

/** The report for people: means, differences and agreement as tables in Markdown. */
export function humanMarkdown(report: HumanReport): string {
  const { ratings, items, raters, interval, means, differences, agreement } = report;
  const lines = markdownTable([
    ["model", "dimension", "mean", "95% interval", "ratings", "items"],
    ...means.map((row) => [
      row.model,
      row.dimension,
      row.mean.toFixed(2),
      bounds(row),
      String(row.ratings),
      String(row.items),
    ]),
  ]);
  if (differences.length > 0)
    lines.push(
      "",
      ...markdownTable([
        ["difference", "dimension", "mean", "95% interval"],
        ...differences.map((row) => [row.models.join(" − "), row.dimension, signed(row.mean), bounds(row, signed)]),
      ]),
    );
  lines.push(
    "",
    ...markdownTable([
      ["rater agreement", "alpha", "pictures"],
      ...agreement.map(({ dimension, alpha, units }) => [
        dimension,
        alpha === null ? "undefined" : alpha.toFixed(3),
        String(units),
      ]),
    ]),
    "",
    `${ratings} ratings of ${items} items by ${raters.length} ${raters.length === 1 ? "rater" : "raters"}; scores from 1 to 5, arithmetic means.`,
    `Intervals: ${interval}. Agreement: Krippendorff's alpha, ordinal, over pictures with two ratings or more.`,
    "",
  );
  return lines.join("\n");
}

function bounds({ low, high }: Estimate, format: (value: number) => string = (value) => value.toFixed(2)): string {
  return `${format(low)} – ${format(high)}`;
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}
