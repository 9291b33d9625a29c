import type { ModelSummary } from "../../model/inspect.ts";
import { markdownTable } from "../markdown-table.ts";
import { mean } from "./curves.ts";
import type { StudyResult, StudyRun } from "./run-study.ts";
import type { Variant } from "./studies.ts";

/** Mean over seeds, and the standard deviation between them; null of one seed. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number | null;
}

export interface StudyRow {
  readonly variant: string;
  readonly label: string;
  /** Of the transformer. */
  readonly parameters: number;
  /** That one token passes through. */
  readonly activePerToken: number;
  /** Of the last tenth of the steps. */
  readonly flow: Spread;
  /** How much less than the row above, paired by seed; null of the first row. */
  readonly flowGain: Spread | null;
  /** In percent, by the names of suites or benchmarks. */
  readonly scores: Readonly<Record<string, Spread>>;
  /** Mean of the scores. */
  readonly average: Spread;
}

export function studyRows(
  variants: readonly Variant[],
  runs: readonly StudyRun[],
  models: ReadonlyMap<string, ModelSummary>,
): StudyRow[] {
  const runsOf = (id: string) => runs.filter(({ variant }) => variant === id);
  return variants.map(({ id, label }, index) => {
    const own = runsOf(id);
    const before = index === 0 ? [] : runsOf(variants[index - 1]!.id);
    const scores = own.map(scoresOf);
    const names = Object.keys(scores[0] ?? {});
    return {
      variant: id,
      label,
      parameters: models.get(id)!.parameters,
      activePerToken: models.get(id)!.activePerToken,
      flow: spread(own.map(({ flow }) => flow)),
      flowGain: index === 0 ? null : spread(own.map(({ flow }, seed) => before[seed]!.flow - flow)),
      scores: Object.fromEntries(names.map((name) => [name, spread(scores.map((score) => score[name]!))])),
      average: spread(scores.map((score) => mean(Object.values(score)))),
    };
  });
}

/** In percent: benchmarks by their own formulas, where a suite is one; MME as a share of its most, as Table 4's average has it. */
function scoresOf({ report }: StudyRun): Record<string, number> {
  const benchmarks: Readonly<Record<string, string>> = { pope: "World-POPE F1", mme: "World-MME", choice: "World-MC", vqa: "World-VQA" }; // prettier-ignore
  return Object.fromEntries(
    report.rows
      .filter(({ part }) => part === null)
      .map(({ suite, model }) => {
        const score = report.scores.find(({ name }) => name === benchmarks[suite]);
        return score ? [score.name, (100 * score.model) / score.most] : [suite, 100 * model.share];
      }),
  );
}

export function studyMarkdown({ title, note, steps, seeds, rows, runs }: StudyResult): string {
  const names = Object.keys(rows[0]?.scores ?? {});
  const percent = (value: Spread) => text(value, 1);
  const items = runs[0]?.report.items ?? 0;
  return [
    `# ${title}`,
    "",
    ...markdownTable([
      ["variant", "", "parameters", "active", "flow loss", "less than above", ...names, "average"],
      ...rows.map((row) => [
        row.variant,
        row.label,
        millions(row.parameters),
        millions(row.activePerToken),
        text(row.flow, 4),
        row.flowGain ? text(row.flowGain, 4) : "",
        ...names.map((name) => percent(row.scores[name]!)),
        percent(row.average),
      ]),
    ]),
    "",
    `${steps} steps of the same samples each, ${runs[0]?.samples ?? 0} in all; ${seeds} ${seeds === 1 ? "seed" : "seeds, mean ± standard deviation"}; ` +
      `${items} items a run. Scores in percent of the most possible. ${note}`,
    "",
  ].join("\n");
}

function spread(values: readonly number[]): Spread {
  const middle = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
  return { mean: middle, deviation: values.length < 2 ? null : Math.sqrt(variance) };
}

function text({ mean: value, deviation }: Spread, digits: number): string {
  return deviation === null ? value.toFixed(digits) : `${value.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}

function millions(count: number): string {
  return `${(count / 1e6).toFixed(2)} M`;
}
