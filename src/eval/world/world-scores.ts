import type { Suite } from "./item.ts";
import type { ItemResult, Verdicts } from "./run-suite.ts";

/** A benchmark's figure, combined from items as the benchmark that it is modelled on does; held-out items are not in it. */
export interface WorldScore {
  readonly name: string;
  /** The largest possible score. */
  readonly most: number;
  readonly model: number;
  /** The judge's own score on right pictures, by the same formula; null where not all of them were judged. */
  readonly truth: number | null;
  readonly reconstruction: number | null;
  readonly items: number;
}

type Verdict = (result: ItemResult) => boolean;

const GENEVAL_TASKS: readonly Suite[] = ["single", "two", "counting", "colour", "relation", "binding"];

/** Of the benchmarks whose items were run; World-GenEval needs all of its six tasks. */
export function worldScores(results: readonly ItemResult[]): WorldScore[] {
  const seen = results.filter(({ group }) => !group.startsWith("heldout"));
  const of = (...suites: readonly Suite[]) => seen.filter(({ suite }) => suites.includes(suite));
  const tasks = GENEVAL_TASKS.map((suite) => of(suite));
  return [
    ...(tasks.every((task) => task.length > 0)
      ? [scored("World-GenEval", 100, tasks.flat(), (_, right) => mean(tasks.map((task) => accuracy(task, right))))]
      : []),
    ...benchmark("World-POPE F1", 100, of("pope"), meanF1),
    ...benchmark("World-POPE accuracy", 100, of("pope"), accuracy),
    ...benchmark("World-MME", 200 * MME_TASKS, of("mme"), mmeTotal),
    ...benchmark("World-MC", 100, of("choice"), accuracy),
    ...benchmark("World-VQA", 100, of("vqa"), (items, right) =>
      mean(byGroup(items).map((group) => accuracy(group, right))),
    ),
  ];
}

type Formula = (items: readonly ItemResult[], right: Verdict) => number;

/** existence, counting, position, colour: each at most 200. */
const MME_TASKS = 4;

function benchmark(name: string, most: number, items: readonly ItemResult[], formula: Formula): WorldScore[] {
  if (items.length === 0) return [];
  const score = scored(name, most, items, formula);
  return Number.isNaN(score.model) ? [] : [score];
}

function scored(name: string, most: number, items: readonly ItemResult[], formula: Formula): WorldScore {
  const judged = (key: keyof Omit<Verdicts, "right">) =>
    items.every((item) => item[key] !== null) ? rounded(formula(items, (item) => item[key] === true)) : null;
  return {
    name,
    most,
    model: rounded(formula(items, ({ right }) => right)),
    truth: judged("truth"),
    reconstruction: judged("reconstruction"),
    items: items.length,
  };
}

function accuracy(items: readonly ItemResult[], right: Verdict): number {
  return (100 * items.filter(right).length) / items.length;
}

/**
 * Mean of F1 over the kinds of negatives, with "yes" as positive. An answer that is neither is wrong; in the official POPE it would
 * be taken for "yes".
 */
function meanF1(items: readonly ItemResult[], right: Verdict): number {
  // Without positives, which a limit on the items may leave, there is no F1.
  const groups = byGroup(items).filter((group) => group.some(({ answer }) => answer === "yes"));
  return mean(
    groups.map((group) => {
      const positives = group.filter(({ answer }) => answer === "yes");
      const hits = positives.filter(right).length;
      const misses = positives.length - hits;
      const falseAlarms = group.filter((item) => item.answer === "no" && !right(item)).length;
      return hits === 0 ? 0 : (100 * 2 * hits) / (2 * hits + misses + falseAlarms);
    }),
  );
}

/** MME's sum over tasks of 100 · (accuracy + accuracy⁺), where ⁺ counts pictures both of whose questions are right. */
function mmeTotal(items: readonly ItemResult[], right: Verdict): number {
  return byGroup(items).reduce((sum, task) => {
    // A limit on the items may have cut the last pair.
    const pairs = [...Map.groupBy(task, ({ pair }) => pair).values()].filter((pair) => pair.length === 2);
    const both = pairs.filter((pair) => pair.every(right)).length;
    return sum + accuracy(task, right) + (pairs.length === 0 ? 0 : (100 * both) / pairs.length);
  }, 0);
}

function byGroup(items: readonly ItemResult[]): ItemResult[][] {
  return [...Map.groupBy(items, ({ group }) => group).values()];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
