import { markdownTable } from "../markdown-table.ts";
import type { ItemResult, Verdicts } from "./run-suite.ts";
import { SUITES, type Suite } from "./item.ts";

/** Right ones among so many, with the share and the bounds of Wilson's 95% interval. */
export interface Share {
  readonly right: number;
  readonly of: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** The scores of a suite or, where `group` is not null, of one of its groups or of the colours alone. */
export interface ReportRow {
  readonly suite: Suite;
  readonly group: string | null;
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
  readonly rows: readonly ReportRow[];
}

/** Changes whenever the same picture may be judged otherwise. */
export const JUDGE_VERSION = 2;
/** Which judge and which rules made the scores. */
export const JUDGE = `template matcher ${JUDGE_VERSION} over connected components; GenEval's rules`;

export function reportOf(results: readonly ItemResult[], settings: Readonly<Record<string, unknown>>): Report {
  const rows = SUITES.flatMap((suite) => {
    const own = results.filter((result) => result.suite === suite);
    if (own.length === 0) return [];
    const groups = [...Map.groupBy(own, ({ group }) => group)].sort(
      ([a], [b]) => order(a) - order(b) || (a < b ? -1 : 1),
    );
    return [
      rowOf(suite, null, own),
      ...(groups.length > 1 ? groups.map(([group, members]) => rowOf(suite, group, members)) : []),
      ...(own[0]!.colour
        ? [
            rowOf(
              suite,
              "colour alone",
              own,
              own.flatMap(({ colour }) => colour ?? []),
            ),
          ]
        : []),
    ];
  });
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  return { settings, judge: JUDGE, items: results.length, seconds: round(seconds), rows };
}

/** The report for people: a table in Markdown. */
export function reportMarkdown({ settings, judge, items, seconds, rows }: Report): string {
  const cells = [
    ["suite", "right", "95% interval", "items", "judge on truth", "judge on VAE", "drew", "s/item"],
    ...rows.map(({ suite, group, model, truth, reconstruction, drew, seconds: each }) => [
      group === null ? `**${suite}**` : `· ${group}`,
      percent(model.share),
      `${percent(model.low)} – ${percent(model.high)}`,
      String(model.of),
      truth ? percent(truth.share) : "",
      reconstruction ? percent(reconstruction.share) : "",
      percent(drew),
      each.toFixed(2),
    ]),
  ];
  const details = Object.entries(settings).map(([name, value]) => `${name} ${String(value)}`);
  return [
    ...markdownTable(cells),
    "",
    `${items} items, ${seconds.toFixed(0)} s of the model. Judge: ${judge}.`,
    `Settings: ${details.join(", ")}.`,
    "",
  ].join("\n");
}

function rowOf(
  suite: Suite,
  group: string | null,
  results: readonly ItemResult[],
  verdicts: readonly Verdicts[] = results,
): ReportRow {
  const judged = (values: readonly (boolean | null)[]) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : shareOf(known);
  };
  return {
    suite,
    group,
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
