import { InputError } from "../../../core/errors.ts";
import { mean } from "../../python/mean.ts";
import { PythonRandom } from "../../python/random.ts";
import { bagelOption } from "../bagel-option.ts";
import type { Benchmark, Complete, Score, ScoreFiles, Scored } from "../benchmark.ts";
import { extractorPrompt } from "./extractor-prompt.ts";
import { inferOption, lmmsEvalInferOption } from "./match.ts";
import { readMmbench, type MmbenchRow } from "./rows.ts";

/** Rotations of a question's options carry its index plus multiples of this. */
export const ROTATION = 1_000_000;
/** How often VLMEvalKit asks its language model again. */
const TRIES = 3;

const abbreviations: Readonly<Record<string, string>> = {
  coarse_perception: "CP",
  "finegrained_perception (instance-level)": "FP-S",
  "finegrained_perception (cross-instance)": "FP-C",
  logic_reasoning: "LR",
  relation_reasoning: "RR",
  attribute_reasoning: "AR",
};

/** Whether a question was answered right; what is counted as one question depends on the protocol. */
export interface Hit {
  readonly row: MmbenchRow;
  readonly hit: boolean;
}

/** A row with a known answer. */
type AnsweredRow = MmbenchRow & { readonly answer: string };

/**
 * Grades every question (index below {@link ROTATION}) over all its rotations, or, as `vanilla`, every row by itself.
 * @param complete VLMEvalKit's language model, asked where the option cannot be told; without one such a question is wrong
 */
export async function gradeMmbench(
  rows: readonly AnsweredRow[],
  protocol: string,
  complete?: Complete,
): Promise<Hit[]> {
  const sorted = rows.toSorted((a, b) => a.index - b.index);
  const infer = protocol === "lmms_eval" ? lmmsEvalInferOption : inferOption;
  const predicted = ({ options, prediction = "nan" }: MmbenchRow) =>
    infer(protocol === "bagel" ? bagelOption(prediction, options) : prediction, options);
  const extract = protocol === "lmms_eval" ? drawLetter(rows) : askFor(complete);
  if (protocol === "vanilla")
    return Promise.all(
      sorted.map(async (row) => ({ row, hit: (predicted(row) ?? (await extract(row))) === row.answer })),
    );
  const groups = Map.groupBy(sorted, ({ index }) => index % ROTATION);
  const hits: Hit[] = [];
  for (const row of sorted) {
    if (row.index >= ROTATION) continue;
    const matches = groups.get(row.index)!.map((rotation) => ({ rotation, letter: predicted(rotation) }));
    // A clear mistake decides, before anybody is asked.
    let hit = matches.every(({ rotation, letter }) => letter === null || letter === rotation.answer);
    for (const { rotation, letter } of matches)
      if (hit && letter === null) hit = (await extract(rotation)) === rotation.answer;
    hits.push({ row, hit });
  }
  return hits;
}

type Extract = (row: MmbenchRow) => Promise<string | null>;

/** VLMEvalKit then draws a letter at random, which no seed fixes; here the question is wrong. */
function askFor(complete: Complete | undefined): Extract {
  return async ({ question, options, prediction = "nan" }) => {
    for (let i = 0; complete !== undefined && i < TRIES; i++) {
      const letter = inferOption(await complete(extractorPrompt(question, options, prediction)), options);
      if (letter !== null) return letter;
    }
    return null;
  };
}

/** LMMs-Eval without its language model: a letter or "E" at random, always of the same seed. */
function drawLetter(rows: readonly MmbenchRow[]): Extract {
  const random = new PythonRandom(2680);
  const columns = [..."ABCD"].filter((letter) => rows.some(({ options }) => options.has(letter)));
  return () => Promise.resolve(random.choice([..."ABCD".slice(0, columns.length), "E"]));
}

/** Shares of hits: of all, by ability and by category, named as VLMEvalKit's `report_acc` does. */
export function reportMmbench(hits: readonly Hit[]): { Overall: number; [name: string]: number } {
  const share = (of: readonly Hit[]) => mean(of.map(({ hit }) => Number(hit)));
  const report: { Overall: number; [name: string]: number } = { Overall: share(hits) };
  for (const column of ["l2-category", "category"] as const) {
    const groups = Map.groupBy(hits, ({ row }) => row[column]);
    for (const name of [...groups.keys()].filter((key) => key !== undefined).sort())
      report[abbreviations[name] ?? name] = share(groups.get(name)!);
  }
  return report;
}

/** Multiple choice, each question with its options in every rotation (Liu et al. 2023, arXiv:2307.06281). */
export const mmbench: Benchmark = {
  name: "mmbench",
  title: "MMBench",
  protocols: ["official", "vlmevalkit", "vanilla", "bagel", "lmms_eval"],
  version: 1,
  score,
};

async function score({ answers, questions, complete }: ScoreFiles, protocol: string): Promise<Scored> {
  const predictions = await readMmbench(answers);
  const meta = questions === undefined ? predictions : await readMmbench(questions);
  const rows = [...predictions.values()].map(({ value, place }) => {
    const known = meta.get(value.index)?.value;
    if (known === undefined) throw new InputError(`${place}: index ${value.index}: no such question in ${questions}`);
    const { prediction, answer, ...own } = { ...known, ...value };
    const truth = known.answer ?? answer;
    if (truth === undefined) throw new InputError(`${place}: expected a column "answer", here or in the questions`);
    return { ...own, answer: truth, ...(prediction !== undefined && { prediction }) };
  });
  if (rows.every(({ prediction }) => prediction === undefined))
    throw new InputError(`${answers}: expected a column "prediction"`);
  const hits = await gradeMmbench(rows, protocol, complete);
  const bySplit = Map.groupBy(hits, ({ row }) => row.split ?? "none");
  const splits: Record<string, Score> = {};
  for (const [split, own] of bySplit) splits[split] = reportMmbench(own);
  const { Overall: overall, ...parts } = reportMmbench(hits);
  const missing = meta.size - rows.filter(({ prediction }) => prediction !== undefined).length;
  return {
    scores: { overall, ...parts, ...(bySplit.size > 1 && { splits }) },
    items: protocol === "vanilla" ? meta.size : [...meta.keys()].filter((index) => index < ROTATION).length,
    missing,
    failed: 0,
    notes: [
      ...(missing > 0 ? ['rows that the file lacks are left out; a row without a prediction is the answer "nan"'] : []),
      ...(complete || protocol === "lmms_eval"
        ? []
        : ["exact matching: no language model reads answers that name no option"]),
    ],
  };
}
