import { join } from "node:path";
import { stat } from "node:fs/promises";
import { expectInput, InputError } from "../../core/errors.ts";
import { reprFloat } from "../python/number.ts";
import { readLines, strip } from "../python/text.ts";
import { ratio, type Benchmark, type Score, type ScoreFiles, type Scored } from "./benchmark.ts";
import { readText } from "./input-files.ts";

/** The tasks of both parts, in the official order; two adjacent questions are about one picture. */
export const MME_TASKS = {
  Perception: "existence count position color posters celebrity scene landmark artwork OCR".split(" "),
  Cognition: "commonsense_reasoning numerical_calculation text_translation code_reasoning".split(" "),
} as const;

type Verdict = "yes" | "no" | "other";

/** One line of a task's file; `response` is as in the file, with its newline. */
export interface MmeAnswer {
  readonly truth: "yes" | "no";
  readonly response: string;
}

/** The two lines of one picture; null for a line that BAGEL's scorer skips. */
type Pair = readonly (MmeAnswer | null)[];

/** MME's reading: yes or no within the first four characters, so that "eyes" is a yes and "know" a no. */
export function mmeVerdict(response: string): Verdict {
  const text = response.toLowerCase();
  // Characters as Python counts them.
  const opening = Array.from(text.slice(0, 8)).slice(0, 4).join("");
  if (opening.includes("yes")) return "yes";
  return opening.includes("no") ? "no" : "other";
}

/** LMMs-Eval's reading: the same without white space and periods around, and "y" and "n" count. */
export function lmmsEvalMmeVerdict(response: string): Verdict {
  const text = strip(response.toLowerCase()).replaceAll(".", "");
  if (text === "y") return "yes";
  return text === "n" ? "no" : mmeVerdict(text);
}

/** What BAGEL does to an answer before it writes it into the file. */
export function bagelMmeResponse(response: string): string {
  return response
    .replaceAll("\n", "")
    .replaceAll("不是", "No")
    .replaceAll("是", "Yes")
    .replaceAll("否", "No")
    .toLowerCase()
    .replaceAll("true", "yes")
    .replaceAll("false", "no")
    .replaceAll(/[\u4e00-\u9fa5]/g, "");
}

/** The counts of one task, named as the official scorer's; `acc_plus` is the share of pictures with both answers right. */
export type MmeCounts = Readonly<
  Record<"TP" | "FN" | "TN" | "FP" | "precision" | "recall" | "other_num" | "acc" | "acc_plus", number>
>;

/** @returns the counts and the score, 100·(accuracy + accuracy+), of one task */
export function scoreMmeTask(pairs: readonly Pair[], protocol: string): { counts: MmeCounts; score: number } {
  const verdictOf = protocol === "lmms_eval" ? lmmsEvalMmeVerdict : mmeVerdict;
  const answers = pairs.flat().filter((answer) => answer !== null);
  const count = { TP: 0, FN: 0, TN: 0, FP: 0 };
  let others = 0;
  for (const { truth, response } of answers) {
    const verdict = verdictOf(response);
    if (verdict === "yes") count[truth === "yes" ? "TP" : "FP"]++;
    else if (verdict === "no") count[truth === "yes" ? "FN" : "TN"]++;
    else others++;
  }
  const isRight = (answer: MmeAnswer | null) => answer !== null && verdictOf(answer.response) === answer.truth;
  const rightPairs = pairs.filter((pair) => pair.every(isRight)).length;
  const acc = (count.TP + count.TN) / answers.length;
  const accPlus = rightPairs / pairs.length;
  return {
    counts: {
      ...count,
      precision: ratio(count.TP, count.TP + count.FP) ?? 0,
      recall: ratio(count.TP, count.TP + count.FN) ?? 0,
      other_num: others,
      acc,
      acc_plus: accPlus,
    },
    score: protocol === "lmms_eval" ? lmmsEvalScore(pairs, isRight) : acc * 100 + accPlus * 100,
  };
}

/** The same figure as a mean over pictures, which differs in the last digit. */
function lmmsEvalScore(pairs: readonly Pair[], isRight: (answer: MmeAnswer | null) => boolean): number {
  let total = 0;
  for (const pair of pairs) {
    const right = pair.filter(isRight).length;
    total += (right === 2 ? 100 : 0) + (right / 2) * 100;
  }
  return total / pairs.length;
}

/** Yes or no in 14 tasks; at most 2000 points of perception, 800 of cognition (Fu et al. 2023, arXiv:2306.13394). */
export const mme: Benchmark = {
  name: "mme",
  title: "MME",
  protocols: ["official", "bagel", "lmms_eval"],
  version: 1,
  score,
};

async function score({ answers }: ScoreFiles, protocol: string): Promise<Scored> {
  const folder = await stat(answers).catch(() => null);
  expectInput(
    folder?.isDirectory(),
    `${answers}: expected the folder with MME's 14 files of answers (existence.txt, …)`,
  );
  const tasks: Record<string, number> = {};
  const metrics: Record<string, Score> = {};
  const totals: Record<string, number> = {};
  const lines: string[] = [];
  let items = 0;
  let failed = 0;
  for (const [part, names] of Object.entries(MME_TASKS)) {
    lines.push(`=========== ${part} ===========`);
    let total = 0;
    for (const name of names) {
      const { pairs, skipped } = await readTask(join(answers, `${name}.txt`), protocol);
      const { counts, score: points } = scoreMmeTask(pairs, protocol);
      tasks[name] = points;
      metrics[name] = counts;
      total += points;
      items += pairs.flat().length;
      failed += skipped.length;
      lines.push(...skipped);
    }
    totals[part] = total;
    lines.push(`total score: ${reprFloat(total)} \n`);
    lines.push(...names.map((name) => `\t ${name}  score: ${reprFloat(tasks[name]!)}`), "\n");
  }
  const { Perception: perception, Cognition: cognition } = totals;
  return {
    scores: { overall: perception!, perception: perception!, cognition: cognition!, tasks, metrics },
    items,
    missing: 0,
    failed,
    notes: failed > 0 ? [`${failed} lines without exactly four fields are left out, as BAGEL's scorer does`] : [],
    printed: `${lines.join("\n")}\n`,
  };
}

const FIELDS = "picture, question, Yes or No, response";

/** Lines that BAGEL's scorer skips are null, and are returned as it prints them. */
async function readTask(path: string, protocol: string): Promise<{ pairs: Pair[]; skipped: string[] }> {
  const lines = readLines(await readText(path));
  expectInput(lines.length > 0, `${path}: expected lines of ${FIELDS}, found none`);
  expectInput(lines.length % 2 === 0, `${path}: expected two lines a picture, found ${lines.length} lines`);
  const skipped: string[] = [];
  const answers = lines.map((line, index) => {
    const place = `${path}, line ${index + 1}`;
    const fields = line.split("\t");
    const [picture, , truth, response] = fields;
    if (fields.length !== 4 || truth === undefined || response === undefined) {
      if (protocol === "bagel") {
        skipped.push(line);
        return null;
      }
      throw new InputError(`${place}: expected ${FIELDS} with tabs between, found ${fields.length} fields`);
    }
    const known = truth.toLowerCase();
    if (known !== "yes" && known !== "no")
      throw new InputError(`${place}: expected Yes or No in the third field, found ${JSON.stringify(truth)}`);
    return { picture, truth: known, response } as const;
  });
  const pairs = Array.from({ length: lines.length / 2 }, (_, i) => [answers[2 * i]!, answers[2 * i + 1]!]);
  for (const [i, [first, second]] of pairs.entries())
    if (first && second && first.picture !== second.picture)
      throw new InputError(
        `${path}, line ${2 * i + 2}: expected a question about ${first.picture}, found one about ${second.picture}`,
      );
  return { pairs, skipped };
}
