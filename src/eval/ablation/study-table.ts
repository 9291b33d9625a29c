import type { ModelSummary } from "../../model/inspect.ts";
import { markdownTable } from "../markdown-table.ts";
import { mean } from "./curves.ts";
import { HELD_OUT_TASKS, type HeldOutTask } from "./held-out-loss.ts";
import type { StudyResult, StudyRun } from "./run-study.ts";
import type { Variant } from "./studies.ts";

/** Mean over seeds, and the standard deviation between them; null of one seed. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number | null;
  /** One a seed. */
  readonly values: readonly number[];
}

export interface StudyRow {
  readonly variant: string;
  readonly label: string;
  /** Of the transformer. */
  readonly parameters: number;
  /** That one token passes through. */
  readonly activePerToken: number;
  /** Of samples that were not trained on, by task. */
  readonly losses: Readonly<Record<HeldOutTask, Spread>>;
  /** How much less than the row above, paired by seed; null of the first row. */
  readonly gains: Readonly<Record<HeldOutTask, Spread>> | null;
  /** In percent, by the names of suites or benchmarks. */
  readonly scores: Readonly<Record<string, Spread>>;
  /** Mean of the scores. */
  readonly average: Spread;
}

const TASKS = Object.keys(HELD_OUT_TASKS) as readonly HeldOutTask[];

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
    const byTask = (value: (run: StudyRun, task: HeldOutTask, seed: number) => number) =>
      Object.fromEntries(TASKS.map((task) => [task, spread(own.map((run, seed) => value(run, task, seed)))])) as Record<
        HeldOutTask,
        Spread
      >;
    return {
      variant: id,
      label,
      parameters: models.get(id)!.parameters,
      activePerToken: models.get(id)!.activePerToken,
      losses: byTask(({ losses }, task) => losses[task]),
      gains: index === 0 ? null : byTask(({ losses }, task, seed) => before[seed]!.losses[task] - losses[task]),
      scores: Object.fromEntries(names.map((name) => [name, spread(scores.map((score) => score[name]!))])),
      average: spread(scores.map((score) => mean(Object.values(score)))),
    };
  });
}

/** In percent: benchmarks by their own formulas, where a suite is one; MME as a share of its most, as Table 4's average has it. */
function scoresOf({ report }: StudyRun): Record<string, number> {
  const benchmarks: Readonly<Record<string, string>> = { pope: "World-POPE accuracy", mme: "World-MME", choice: "World-MC", vqa: "World-VQA" }; // prettier-ignore
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
  const headings = TASKS.map((task) => `${task} (${HELD_OUT_TASKS[task].loss})`);
  return [
    `# ${title}`,
    "",
    `${steps} steps of the same samples each, ${runs[0]?.samples ?? 0} in all; ${seeds} ${seeds === 1 ? "seed" : "seeds, mean ± standard deviation"}. ${note}`,
    "",
    "## Losses on samples that were not trained on",
    "",
    ...markdownTable([
      ["variant", "", "parameters", "active", ...headings],
      ...rows.map(({ variant, label, parameters, activePerToken, losses }) => [
        variant,
        label,
        millions(parameters),
        millions(activePerToken),
        ...TASKS.map((task) => text(losses[task], 4)),
      ]),
    ]),
    "",
    ...(rows.length > 1 ? gainsMarkdown(rows, headings) : []),
    "## Scores",
    "",
    `In percent of the most possible; ${items} items a run.`,
    "",
    ...markdownTable([
      ["variant", "", ...names, "average"],
      ...rows.map(({ variant, label, scores, average }) => [
        variant,
        label,
        ...names.map((name) => percent(scores[name]!)),
        percent(average),
      ]),
    ]),
    "",
  ].join("\n");
}

function gainsMarkdown(rows: readonly StudyRow[], headings: readonly string[]): string[] {
  return [
    "How much less than the row above, paired by seed; in brackets, in how many seeds it is less:",
    "",
    ...markdownTable([
      ["variant", ...headings],
      ...rows.flatMap(({ variant, gains }) =>
        gains ? [[variant, ...TASKS.map((task) => `${text(gains[task], 4)} (${positives(gains[task])})`)]] : [],
      ),
    ]),
    "",
  ];
}

function spread(values: readonly number[]): Spread {
  const middle = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
  return { mean: middle, deviation: values.length < 2 ? null : Math.sqrt(variance), values };
}

function positives({ values }: Spread): string {
  return `${values.filter((value) => value > 0).length}/${values.length}`;
}

function text({ mean: value, deviation }: Spread, digits: number): string {
  return deviation === null ? value.toFixed(digits) : `${value.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}

function millions(count: number): string {
  return `${(count / 1e6).toFixed(2)} M`;
}
