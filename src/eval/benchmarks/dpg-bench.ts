import { basename } from "node:path";
import { z } from "zod";
import { expectInput, InputError } from "../../core/errors.ts";
import { mean } from "../python/mean.ts";
import { reprFloat } from "../python/number.ts";
import type { Benchmark, ScoreFiles, Scored } from "./benchmark.ts";
import { parseDelimited } from "./delimited-text.ts";
import { checked, expectQuestions, readJsonRows, readText, type Placed } from "./input-files.ts";

/** One proposition of a prompt: what is asked about its pictures. */
export interface Proposition {
  readonly question: string;
  /** Propositions that must hold first; 0 is none. */
  readonly parents: readonly number[];
  /** "entity - whole" */
  readonly category: string;
}

/** The propositions of each prompt, by the prompt's id and by number. */
export type Propositions = ReadonlyMap<string, ReadonlyMap<number, Proposition>>;

/** Answers to questions about each crop of a picture, in the order of the crops. */
export type Crops = readonly ReadonlyMap<string, string>[];

const csvRow = z.object({
  item_id: z.string(),
  proposition_id: z
    .string()
    .regex(/^\s*\d+\s*$/)
    .transform(Number),
  dependency: z.string(),
  tuple: z.string(),
  question_natural_language: z.string(),
});

/** Reads dpg_bench.csv (or DSG's table, which has the same columns), under `official` without its first row, as the scorer does. */
export async function readPropositions(path: string, protocol: string): Promise<Propositions> {
  const rows = parseDelimited(await readText(path), ",", path);
  const items = new Map<string, Map<number, Proposition>>();
  let current = "";
  for (const { value, place } of rows.slice(protocol === "official" ? 1 : 0)) {
    const { item_id: id, proposition_id: number, ...row } = checked(value, csvRow, place);
    // As the scorer does: an item whose rows are apart begins anew, a number that is there twice counts once.
    if (id !== current) items.set(id, new Map());
    current = id;
    const propositions = items.get(id)!;
    propositions.set(number, {
      question: row.question_natural_language,
      parents: parentsOf(row.dependency, protocol, place),
      category: row.tuple.split("(", 1)[0]!.trim(),
    });
  }
  return items;
}

/** Numbers with commas between. DSG's table also has words among them, at which the official scorer stops. */
function parentsOf(dependency: string, protocol: string, place: string): number[] {
  const entries = dependency.split(",").map((entry) => entry.trim());
  const wrong = entries.find((entry) => !/^\d+$/.test(entry));
  if (wrong !== undefined && protocol === "official")
    throw new InputError(
      `${place}: dependency: expected numbers with commas between, found ${JSON.stringify(dependency)}; --protocol fixed leaves words out`,
    );
  return entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
}

/** How one picture was scored. */
export interface DpgPicture {
  /** Of each crop: the share of propositions that hold. */
  readonly crops: readonly number[];
  /** Mean of the crops. */
  readonly score: number;
  /** Of the last crop, or under `fixed` of every one: propositions that hold, whatever their parents, by category. */
  readonly categories: readonly (readonly [category: string, holds: boolean])[];
}

/**
 * Scores one picture: a proposition holds if the answer is "yes" and all its parents hold.
 * @returns null where a parent is missing, at which the official scorer gives the picture up
 */
export function scoreDpgPicture(
  propositions: ReadonlyMap<number, Proposition>,
  crops: Crops,
  protocol: string,
): DpgPicture | null {
  const scores: number[] = [];
  let categories: [string, boolean][] = [];
  for (const answers of crops) {
    const own = [...propositions.values()].map(({ question, category }): [string, boolean] => [
      category,
      answers.get(question) === "yes",
    ]);
    const holds = new Map([...propositions.keys()].map((number, i) => [number, own[i]![1]]));
    // In the order of the table: a parent that was zeroed zeroes its children.
    for (const [number, { parents }] of propositions)
      for (const parent of parents) {
        if (parent === 0) continue;
        const parentHolds = holds.get(parent);
        if (parentHolds === undefined) return null;
        if (!parentHolds) {
          holds.set(number, false);
          break;
        }
      }
    scores.push([...holds.values()].filter(Boolean).length / holds.size);
    categories = protocol === "official" ? own : [...categories, ...own];
  }
  return { crops: scores, score: scores.reduce((sum, each) => sum + each, 0) / scores.length, categories };
}

/** The scores of all pictures, as percentages. */
export interface DpgScores {
  readonly overall: number | null;
  /** "entity" */
  readonly L1: Readonly<Record<string, number>>;
  /** "entity - whole" */
  readonly L2: Readonly<Record<string, number>>;
  /** Pictures that could not be scored, and why. */
  readonly failures: readonly string[];
  readonly pictures: ReadonlyMap<string, DpgPicture>;
}

/** Scores pictures by their file names, which begin with the prompt's id. */
export function scoreDpg(items: Propositions, judged: ReadonlyMap<string, Crops>, protocol: string): DpgScores {
  const pictures = new Map<string, DpgPicture>();
  const failures: string[] = [];
  for (const [picture, crops] of judged) {
    const propositions = items.get(itemOf(picture));
    const scored = propositions && scoreDpgPicture(propositions, crops, protocol);
    if (scored) pictures.set(picture, scored);
    else
      failures.push(
        `${picture}: ${propositions ? "a proposition that others depend on is not in the table" : "no such prompt"}`,
      );
  }
  const held = [...pictures.values()].flatMap(({ categories }) => categories);
  const percentages = (level: (category: string) => string) => {
    const groups = [...Map.groupBy(held, ([category]) => level(category))].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(groups.map(([name, of]) => [name, mean(of.map(([, holds]) => Number(holds))) * 100]));
  };
  return {
    overall: pictures.size === 0 ? null : mean([...pictures.values()].map(({ score: each }) => each)) * 100,
    L1: percentages((category) => category.split("-", 1)[0]!.trim()),
    L2: percentages((category) => category),
    failures,
    pictures,
  };
}

/** "coco_12" of "…/coco_12.png". */
function itemOf(picture: string): string {
  return basename(picture).split(".", 1)[0]!;
}

/** Propositions of long prompts, judged by a model that answers questions (Hu et al. 2024, arXiv:2403.05135). */
export const dpgBench: Benchmark = {
  name: "dpgbench",
  title: "DPG-Bench",
  protocols: ["official", "fixed"],
  version: 1,
  score,
};

async function score({ answers, questions }: ScoreFiles, protocol: string): Promise<Scored> {
  const table = expectQuestions(questions, "dpg_bench.csv");
  const items = await readPropositions(table, protocol);
  const judged = await readJudgments(answers, items);
  const { overall, L1, L2, failures } = scoreDpg(items, judged, protocol);
  const seen = new Set([...judged.keys()].map(itemOf));
  const missing = [...items.keys()].filter((id) => !seen.has(id)).length;
  return {
    scores: { overall, L1, L2 },
    items: items.size,
    missing,
    failed: failures.length,
    notes: [
      ...failures.map((failure) => `failed: ${failure}`),
      ...(missing > 0 ? ["prompts without a picture are left out"] : []),
    ],
    ...(overall !== null && { printed: printed({ L1, L2 }, overall) }),
  };
}

/** As compute_dpg_bench.py prints; the first level in the order of names, where the official order is by chance. */
function printed({ L1, L2 }: Pick<DpgScores, "L1" | "L2">, overall: number): string {
  const lines = (scores: Readonly<Record<string, number>>) =>
    Object.entries(scores).map(([name, value]) => `\t${name}: ${reprFloat(value)}\n`);
  return [
    "L1 category scores:\n",
    ...lines(L1),
    "L2 category scores:\n",
    ...lines(L2),
    `DPG-Bench score: ${reprFloat(overall)}\n`,
  ].join("");
}

const judgmentRow = z.object({
  image: z.string(),
  /** Left, top, right, bottom in pixels. */
  crop: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  question: z.string(),
  answer: z.string(),
});

/**
 * Reads the answers to all questions: the official `…_detail.txt`, whose lines are "path, (0, 0, 512, 512), question, answer",
 * or JSON Lines of { image, crop, question, answer }.
 */
async function readJudgments(path: string, items: Propositions): Promise<Map<string, Crops>> {
  const rows = path.endsWith(".jsonl") ? await readJsonRows(path, judgmentRow) : await readDetail(path, items);
  expectInput(rows.length > 0, `${path}: expected judgments, found none`);
  const judged = new Map(
    [...Map.groupBy(rows, ({ value }) => basename(value.image))].map(([picture, own]) => {
      const crops = [...Map.groupBy(own, ({ value }) => value.crop.join(" ")).values()];
      return [picture, crops.map((crop) => answersOf(crop))] as const;
    }),
  );
  expectComplete(judged, items, path);
  return judged;
}

/** A question may be there twice, as two propositions may ask the same, but not with two answers. */
function answersOf(rows: readonly Placed<z.infer<typeof judgmentRow>>[]): Map<string, string> {
  const answers = new Map<string, string>();
  for (const { value, place } of rows) {
    const { question, answer, image } = value;
    const earlier = answers.get(question) ?? answer;
    expectInput(
      earlier === answer,
      `${place}: ${JSON.stringify(question)} of ${image} has two answers, ${JSON.stringify(earlier)} and ${JSON.stringify(answer)}`,
    );
    answers.set(question, answer);
  }
  return answers;
}

/** A run that was stopped would be scored as if the rest were answered "no". */
function expectComplete(judged: ReadonlyMap<string, Crops>, items: Propositions, path: string): void {
  for (const [picture, crops] of judged)
    for (const { question } of items.get(itemOf(picture))?.values() ?? [])
      if (!crops.every((answers) => answers.has(question)))
        throw new InputError(`${path}: ${picture}: expected an answer to ${JSON.stringify(question)} for each crop`);
}

const detailLine = /^(.*?), \((\d+), (\d+), (\d+), (\d+)\), (.*)$/;

async function readDetail(path: string, items: Propositions): Promise<Placed<z.infer<typeof judgmentRow>>[]> {
  return (await readText(path)).split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === "") return [];
    const place = `${path}, line ${i + 1}`;
    const match = detailLine.exec(line);
    if (match === null) throw new InputError(`${place}: expected "path, (left, top, right, bottom), question, answer"`);
    const [, image, left, top, right, bottom, rest] = match as unknown as [string, ...string[]];
    // Both may have commas: the table knows the questions.
    const questions = [...(items.get(itemOf(image!))?.values() ?? [])].map(({ question }) => question);
    const question =
      questions.find((known) => rest!.startsWith(`${known}, `)) ?? rest!.slice(0, rest!.lastIndexOf(", "));
    const crop = [left, top, right, bottom].map(Number) as [number, number, number, number];
    return [{ place, value: { image: image!, crop, question, answer: rest!.slice(question.length + 2) } }];
  });
}
