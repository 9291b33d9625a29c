import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { expectInput, InputError } from "../../../core/errors.ts";
import { reprFloat, roundHalfEven } from "../../python/number.ts";
import { PythonRandom } from "../../python/random.ts";
import { bagelOption } from "../bagel-option.ts";
import type { Benchmark, Score, ScoreFiles, Scored } from "../benchmark.ts";
import { expectQuestions, readJsonAs } from "../input-files.ts";
import { matchesOpen, parseChoice, parseOpen } from "./parse.ts";
import { MMMU_DOMAINS, MMMU_SUBJECTS } from "./subjects.ts";

const MULTIPLE_CHOICE = "multiple-choice";
const gold = z.union([z.string(), z.array(z.string())]);
const answerDict = z.record(z.string(), z.object({ question_type: z.string(), ground_truth: gold }));
const predictions = z.record(z.string(), z.string());
const outputs = z.array(
  z
    .object({
      id: z.string(),
      question_type: z.string(),
      answer: gold,
      response: z.string(),
      index2ans: z.record(z.string(), z.string()).optional(),
    })
    .refine(({ question_type: type, index2ans }) => type !== MULTIPLE_CHOICE || index2ans !== undefined, {
      error: 'a multiple-choice question needs "index2ans"',
    }),
);

/** What the scorer has for one question: a free response, or an answer that was already parsed. */
export interface MmmuOutput {
  readonly id: string;
  readonly type: string;
  readonly gold: string | readonly string[];
  readonly response: string;
  /** Of a multiple-choice question whose response is still to be parsed. */
  readonly options?: ReadonlyMap<string, string>;
}

/** Questions of one subject that were scored, and the share that was answered right. */
interface Accuracy {
  readonly num: number;
  readonly acc: number;
}

/**
 * Whether each output is right. Answers that name no option are drawn from one stream of random numbers, so the order counts.
 */
export function gradeMmmu(subject: readonly MmmuOutput[], random: PythonRandom, protocol: string): boolean[] {
  return subject.map(({ type, gold: truth, response, options }) => {
    if (type !== MULTIPLE_CHOICE) return matchesOpen(truth, parseOpen(response));
    const letter =
      options === undefined
        ? response
        : protocol === "bagel"
          ? bagelOption(response, options)
          : parseChoice(response, options, random, protocol);
    return [truth].flat().includes(letter);
  });
}

/** Weighted by the numbers of questions, in the official order of operations. */
function weighted(parts: readonly Accuracy[]): Accuracy {
  const num = parts.reduce((sum, part) => sum + part.num, 0);
  return { num, acc: num === 0 ? 0 : parts.reduce((sum, part) => sum + part.acc * part.num, 0) / num };
}

/** Expert questions of thirty subjects (Yue et al. 2023, arXiv:2311.16502); validation has 900. */
export const mmmu: Benchmark = {
  name: "mmmu",
  title: "MMMU",
  protocols: ["official", "bagel", "lmms_eval"],
  version: 1,
  score,
};

async function score({ answers, questions }: ScoreFiles, protocol: string): Promise<Scored> {
  const isFolder = (await stat(answers).catch(() => null))?.isDirectory() ?? false;
  const truth = questions === undefined ? undefined : await readJsonAs(questions, answerDict);
  const bySubject = isFolder
    ? await readSubjects(answers)
    : await readPredictions(answers, truth ?? {}, expectQuestions(questions, "MMMU's answer_dict_val.json"));
  const ids = new Set([...bySubject.values()].flat().map(({ id }) => id));
  expectInput(ids.size > 0, `${answers}: expected answers to MMMU's questions, found none`);
  const random = new PythonRandom(42);
  const accuracies = new Map<string, Accuracy>();
  for (const [subject, own] of bySubject) {
    const right = gradeMmmu(own, random, protocol);
    accuracies.set(subject, { num: own.length, acc: right.filter(Boolean).length / own.length });
  }
  const digits = protocol === "lmms_eval" ? 5 : 3;
  const table = tableOf(accuracies, digits);
  const scores: Record<string, Score> = {};
  for (const [name, { acc }] of table) scores[name] = acc;
  const { Overall: overall, ...parts } = scores;
  const items = truth === undefined ? ids.size : Object.keys(truth).length;
  const missing = truth === undefined ? 0 : Object.keys(truth).filter((id) => !ids.has(id)).length;
  return {
    scores: { overall: overall!, ...parts },
    items,
    missing,
    failed: 0,
    notes: missing > 0 ? ["the official scorer leaves out questions without an answer"] : [],
    printed: `${printed(table)}\n`,
  };
}

/** Domains, each before its subjects, and all together, rounded. */
function tableOf(accuracies: ReadonlyMap<string, Accuracy>, digits: number): [string, Accuracy][] {
  const rounded = ({ num, acc }: Accuracy) => ({ num, acc: roundHalfEven(acc, digits) });
  const rows: [string, Accuracy][] = [];
  for (const [domain, subjects] of Object.entries(MMMU_DOMAINS)) {
    const own = subjects.flatMap((name) => {
      const accuracy = accuracies.get(name);
      return accuracy === undefined ? [] : [[name, accuracy] as const];
    });
    rows.push([`Overall-${domain}`, rounded(weighted(own.map(([, accuracy]) => accuracy)))]);
    for (const [name, accuracy] of own) rows.push([name, rounded(accuracy)]);
  }
  rows.push(["Overall", rounded(weighted([...accuracies.values()]))]);
  return rows;
}

/** As main_eval_only.py prints: Python's notation of a dictionary. */
function printed(table: readonly [string, Accuracy][]): string {
  const entries = table.map(
    ([name, { num, acc }]) => `'${name}': {'num': ${num}, 'acc': ${num === 0 ? "0" : reprFloat(acc)}}`,
  );
  return `{${entries.join(", ")}}`;
}

/** The folders `<subject>/output.json` of "parse and evaluation". */
async function readSubjects(folder: string): Promise<Map<string, MmmuOutput[]>> {
  const names = await readdir(folder);
  const bySubject = new Map<string, MmmuOutput[]>();
  const places = new Map<string, string>();
  for (const subject of MMMU_SUBJECTS.filter((name) => names.includes(name))) {
    const path = join(folder, subject, "output.json");
    const own = (await readJsonAs(path, outputs)).map(({ id, question_type: type, answer, response, index2ans }) => ({
      id,
      type,
      gold: answer,
      response,
      ...(index2ans && type === MULTIPLE_CHOICE && { options: new Map(Object.entries(index2ans)) }),
    }));
    for (const { id } of own) {
      const earlier = places.get(id);
      if (earlier !== undefined) throw new InputError(`${path}: id "${id}" is there twice, first in ${earlier}`);
      places.set(id, path);
    }
    if (own.length > 0) bySubject.set(subject, own);
  }
  return bySubject;
}

/** The file of "evaluation only": letters, and free responses, by question. */
async function readPredictions(
  path: string,
  truth: z.infer<typeof answerDict>,
  truthPath: string,
): Promise<Map<string, MmmuOutput[]>> {
  const given = Object.entries(await readJsonAs(path, predictions)).map(([id, response]) => {
    const known = Object.hasOwn(truth, id) ? truth[id] : undefined;
    if (known === undefined) throw new InputError(`${path}: ${id}: no such question in ${truthPath}`);
    return { id, response, type: known.question_type, gold: known.ground_truth };
  });
  const groups = Map.groupBy(given, ({ id }) => id.split("_").slice(1, -1).join("_"));
  for (const [subject, [first]] of groups)
    if (!MMMU_SUBJECTS.includes(subject)) throw new InputError(`${path}: ${first!.id}: no subject of MMMU`);
  return new Map(MMMU_SUBJECTS.flatMap((subject) => (groups.has(subject) ? [[subject, groups.get(subject)!]] : [])));
}
