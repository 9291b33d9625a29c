import { relative, sep } from "node:path";
import { z } from "zod";
import type { Score } from "../benchmarks/benchmark.ts";
import { readJsonAs } from "../benchmarks/input-files.ts";
import type { ScoreReport } from "../benchmarks/registry.ts";
import { escapeHtml, htmlPage } from "../html-page.ts";
import { paperTables, type TableReport } from "./paper-tables.ts";
import type { BenchmarkPicture } from "./question-set.ts";

/** What one run of a benchmark gave. */
export interface BenchmarkReport extends ScoreReport {
  readonly title: string;
  /** Who judged pictures or unclear answers. */
  readonly judge: string | null;
  /** Whether the scores may stand beside official ones: all items, official rules and an official judge. */
  readonly official: boolean;
  /** Of the model's weights, and how it generated. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The report for people: the paper's columns, then what they mean. */
export function reportMarkdown(report: BenchmarkReport): string {
  const { protocol, scorer, scores, judge, items, missing, failed, official, settings, notes } = report;
  const details = Object.entries(settings).map(([name, value]) => `${name} ${String(value)}`);
  return [
    ...paperTables([report]),
    `Overall: ${JSON.stringify(scores.overall)}, in the official scorer's unit.`,
    `Protocol ${protocol}, scorer ${scorer}, judge ${judge ?? "none"}: ${items} items, ${missing} missing, ${failed} failed.`,
    ...(official ? [] : ["These are not official scores."]),
    `Settings: ${details.join(", ")}.`,
    ...notes.map((note) => `Note: ${note}.`),
    "",
  ].join("\n");
}

/** One item as people look at it. */
export interface ShownItem {
  readonly pictures: readonly BenchmarkPicture[];
  readonly title: string;
  readonly text: string;
}

/** Longer pages open slowly. */
const MOST_ITEMS = 300;

/** The report with the first items and their pictures, as one page in `folder`. */
export async function reportHtml(
  report: BenchmarkReport,
  shown: readonly ShownItem[],
  folder: string,
): Promise<string> {
  const items: string[] = [];
  for (const { pictures, title, text } of shown.slice(0, MOST_ITEMS)) {
    const sources = await Promise.all(pictures.map((picture) => source(picture, folder)));
    const images = sources.map((url) => `<img loading="lazy" alt="" src="${escapeHtml(url)}">`);
    items.push(
      `<div class="item">${images.join("")}<div class="soft">${escapeHtml(title)}</div><div>${escapeHtml(text)}</div></div>`,
    );
  }
  const left = shown.length - items.length;
  return htmlPage(
    report.title,
    [
      `<pre>${escapeHtml(reportMarkdown(report))}</pre>`,
      `<div class="items">${items.join("\n")}</div>`,
      ...(left > 0 ? [`<p>… and ${left} more.</p>`] : []),
    ].join("\n"),
  );
}

async function source(picture: BenchmarkPicture, folder: string): Promise<string> {
  if ("read" in picture) return `data:image;base64,${Buffer.from(await picture.read()).toString("base64")}`;
  return relative(folder, picture.path).split(sep).map(encodeURIComponent).join("/");
}

const score: z.ZodType<Score> = z.lazy(() => z.union([z.number(), z.null(), z.record(z.string(), score)]));
const reportFile = z.object({
  benchmark: z.string(),
  protocol: z.string(),
  official: z.boolean(),
  settings: z.record(z.string(), z.unknown()),
  scores: z.record(z.string(), score),
});

/** What tables need of a report.json. */
export function readReport(path: string): Promise<TableReport> {
  return readJsonAs(path, reportFile);
}
