import { markdownTable } from "../markdown-table.ts";
import type { ItemResult, Verdicts } from "./run-suite.ts";
import { SUITES, type Suite } from "./item.ts";
import { worldScores, type WorldScore } from "./world-scores.ts";

/** Right ones among so many, with the share and the bounds of Wilson's 95% interval. */
export interface Share {
  readonly right: number;
  readonly of: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** The scores of a suite or, where `part` is not null, of one of its groups or of one aspect of all its items. */
export interface ReportRow {
  readonly suite: Suite;
  readonly part: string | null;
  readonly model: Share;
  /** The judge's own score on right pictures for the same prompts; null where nothing is judged. */
  readonly truth: Share | null;
  /** … on the same pictures after the model's autoencoder; null also without one. */
  readonly reconstruction: Share | null;
  /** Share of the answers with a picture. */
  readonly drew: number;
  /** Of the model, per item. */
  readonly seconds: number;
}

export interface Report {
  /** What was evaluated and how. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly judge: string;
  readonly items: number;
  readonly seconds: number;
  readonly scores: readonly WorldScore[];
  readonly rows: readonly ReportRow[];
}

/** `judge`: its description. */
export function reportOf(
  results: readonly ItemResult[],
  settings: Readonly<Record<string, unknown>>,
  judge: string,
): Report {
  const rows = SUITES.flatMap((suite) => {
    const own = results.filter((result) => result.suite === suite);
    if (own.length === 0) return [];
    const groups = [...Map.groupBy(own, ({ group }) => group)].sort(
      ([a], [b]) => order(a) - order(b) || (a < b ? -1 : 1),
    );
    const aspects = [...new Set(own.flatMap((result) => Object.keys(result.aspects)))];
    return [
      rowOf(suite, null, own),
      ...(groups.length > 1 ? groups.map(([group, members]) => rowOf(suite, group, members)) : []),
      ...aspects.map((aspect) => {
        const having = own.filter((result) => result.aspects[aspect] !== undefined);
        return rowOf(
          suite,
          aspect,
          having,
          having.map((result) => result.aspects[aspect]!),
        );
      }),
    ];
  });
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  return { settings, judge, items: results.length, seconds: round(seconds), scores: worldScores(results), rows };
}

/** The report for people: tables in Markdown. */
export function reportMarkdown(report: Report): string {
  const { scores, rows } = report;
  return [
    ...(scores.length > 0 ? [...markdownTable(scoreCells(scores)), ""] : []),
    ...markdownTable(rowCells(rows, (suite) => `**${suite}**`)),
    "",
    ...settingsLines(report),
    "",
  ].join("\n");
}

/** A table of the combined scores. */
export function scoreCells(scores: readonly WorldScore[]): string[][] {
  const figure = (value: number | null) => (value === null ? "" : value.toFixed(1));
  return [
    ["benchmark", "score", "of", "judge on truth", "judge on VAE", "items"],
    ...scores.map(({ name, most, model, truth, reconstruction, items }) => [
      name,
      figure(model),
      String(most),
      figure(truth),
      figure(reconstruction),
      String(items),
    ]),
  ];
}

/** A table of all suites and their parts. */
export function rowCells(rows: readonly ReportRow[], emphasise = (suite: string) => suite): string[][] {
  return [
    ["suite", "right", "95% interval", "items", "judge on truth", "judge on VAE", "drew", "s/item"],
    ...rows.map(({ suite, part, model, truth, reconstruction, drew, seconds }) => [
      part === null ? emphasise(suite) : `· ${part}`,
      percent(model.share),
      `${percent(model.low)} – ${percent(model.high)}`,
      String(model.of),
      truth ? percent(truth.share) : "",
      reconstruction ? percent(reconstruction.share) : "",
      percent(drew),
      seconds.toFixed(2),
    ]),
  ];
}

/** What was run, and how. */
export function settingsLines({ settings, judge, items, seconds }: Report): string[] {
  const details = Object.entries(settings).map(([name, value]) => `${name} ${String(value)}`);
  return [`${items} items, ${seconds.toFixed(0)} s of the model. Judge: ${judge}.`, `Settings: ${details.join(", ")}.`];
}

function rowOf(
  suite: Suite,
  part: string | null,
  results: readonly ItemResult[],
  verdicts: readonly Verdicts[] = results,
): ReportRow {
  const judged = (values: readonly (boolean | null)[]) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : shareOf(known);
  };
  return {
    suite,
    part,
    model: shareOf(verdicts.map(({ right }) => right)),
    truth: judged(verdicts.map(({ truth }) => truth)),
    reconstruction: judged(verdicts.map(({ reconstruction }) => reconstruction)),
    drew: round(results.filter(({ drew }) => drew).length / results.length),
    seconds: round(results.reduce((sum, { seconds }) => sum + seconds, 0) / results.length),
  };
}

/** Wilson's score interval at 95%: honest for few items and for shares near 0 and 1. */
export function shareOf(verdicts: readonly boolean[]): Share {
  const of = verdicts.length;
  const right = verdicts.filter(Boolean).length;
  const share = right / of;
  const z = 1.959964;
  const middle = (share + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z / (1 + (z * z) / of)) * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  return { right, of, share: round(share), low: round(middle - half), high: round(middle + half) };
}

/** What training showed first, then what it held out. */
function order(group: string): number {
  return group.startsWith("heldout") ? 1 : 0;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
