import type { Score } from "../benchmarks/benchmark.ts";
import { table4Average, type Table4 } from "../benchmarks/table-4.ts";
import { markdownTable } from "../markdown-table.ts";
import { formatFixed } from "../python/number.ts";

/** What a table is made of. */
export interface TableReport {
  readonly benchmark: string;
  readonly protocol: string;
  readonly scores: Readonly<Record<string, Score>>;
  readonly official: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
}

interface Column {
  readonly head: string;
  readonly benchmark: string;
  /** Names within the scores. */
  readonly path: readonly string[];
  readonly digits: number;
  /** From the official scorer's unit to the paper's. */
  readonly factor?: number;
}

const overall = (head: string, benchmark: string, digits: number, factor = 1): Column => ({
  head,
  benchmark,
  path: ["overall"],
  digits,
  factor,
});
const parts = (benchmark: string, digits: number, heads: Readonly<Record<string, readonly string[]>>): Column[] =>
  Object.entries(heads).map(([head, path]) => ({ head, benchmark, path, digits }));

/** The paper's tables, their columns in its order. */
const tables: Readonly<Record<string, readonly Column[]>> = {
  "Table 1": parts("geneval", 2, {
    "Single Obj.": ["single_object"],
    "Two Obj.": ["two_object"],
    Counting: ["counting"],
    Colors: ["colors"],
    Position: ["position"],
    "Color Attri.": ["color_attr"],
    Overall: ["overall"],
  }),
  "Table 2": parts("dpgbench", 2, {
    Global: ["L1", "global"],
    Entity: ["L1", "entity"],
    Attribute: ["L1", "attribute"],
    Relation: ["L1", "relation"],
    Other: ["L1", "other"],
    Overall: ["overall"],
  }),
  // Of the advanced prompts.
  "Table 3": parts("genaibench", 2, {
    Count: ["counting"],
    Differ: ["differentiation"],
    Compare: ["comparison"],
    Negate: ["negation"],
    Universal: ["universal"],
    Overall: ["advanced"],
  }),
  "Table 4": [
    overall("POPE", "pope", 1, 100),
    overall("MME-P", "mme", 1),
    overall("MMB", "mmbench", 1, 100),
    overall("SEED", "seedbench", 1),
    overall("GQA", "gqa", 1),
    overall("MMMU", "mmmu", 1, 100),
  ],
};
/** Protocols with the official units; other suites have their own. */
const comparable = new Set(["official", "fixed", "bagel"]);

/**
 * The paper's tables that the reports have scores for, in Markdown, a row for each model (by its weights and settings). Scores that
 * are not official bear an asterisk. Table 4 ends with the average where all its columns are there.
 */
export function paperTables(reports: readonly TableReport[]): string[] {
  const models = Map.groupBy(reports, ({ settings }) => String(settings["weights"] ?? "–"));
  return Object.entries(tables).flatMap(([name, columns]) => {
    const rows = [...models].flatMap(([model, own]) => {
      const values = columns.map((column) => valueOf(column, own));
      if (values.every((value) => value === undefined)) return [];
      const cells = values.map((value, i) =>
        value === undefined ? "–" : `${formatFixed(value.score, columns[i]!.digits)}${value.official ? "" : "*"}`,
      );
      return [[model, ...cells, ...(name === "Table 4" ? [averageCell(columns, values)] : [])]];
    });
    if (rows.length === 0) return [];
    const heads = columns.map(({ head }) => head);
    return [...markdownTable([[name, ...heads, ...(name === "Table 4" ? ["Avg."] : [])], ...rows]), ""];
  });
}

type Value = { readonly score: number; readonly official: boolean } | undefined;

function valueOf({ benchmark, path, factor = 1 }: Column, reports: readonly TableReport[]): Value {
  const report = reports.findLast((each) => each.benchmark === benchmark && comparable.has(each.protocol));
  if (report === undefined) return undefined;
  const score = path.reduce<Score | undefined>(
    (within, name) => (typeof within === "object" && within !== null ? within[name] : undefined),
    report.scores,
  );
  if (typeof score !== "number") return undefined;
  return { score: score * factor, official: report.official };
}

function averageCell(columns: readonly Column[], values: readonly Value[]): string {
  if (values.some((value) => value === undefined)) return "–";
  const row = Object.fromEntries(columns.map(({ head }, i) => [head, values[i]!.score])) as Table4;
  const official = values.every((value) => value!.official);
  return `${formatFixed(table4Average(row), 1)}${official ? "" : "*"}`;
}
