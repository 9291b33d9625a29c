import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { expectInput, InputError } from "../../core/errors.ts";
import { formatFixed } from "../python/number.ts";
import { rstripCharacter, splitWords, strip } from "../python/text.ts";
import type { Benchmark, Score, ScoreFiles, Scored } from "./benchmark.ts";
import { expectQuestions, filesAt, indexBy, readJsonAs, readJsonRows, type Placed } from "./input-files.ts";

const question = z.object({
  question: z.string(),
  answer: z.string(),
  isBalanced: z.boolean(),
  groups: z.object({ global: z.string().nullable() }),
  types: z.object({ structural: z.string(), semantic: z.string(), detailed: z.string() }),
  semantic: z.array(z.object({ operation: z.string(), argument: z.string() })),
  entailed: z.array(z.string()),
});
const questionFile = z.record(z.string(), question);
const choiceFile = z.record(z.string(), z.object({ valid: z.array(z.string()), plausible: z.array(z.string()) }));
const officialPredictions = z.array(z.object({ questionId: z.string(), prediction: z.string() }));
const llavaRow = z.object({ question_id: z.union([z.string(), z.int()]).transform(String), text: z.string() });

export type GqaQuestions = Readonly<Record<string, z.infer<typeof question>>>;
export type GqaChoices = z.infer<typeof choiceFile>;

/** LLaVA's conversion of answers for the official scorer. */
export function llavaGqaPrediction(text: string): string {
  return rstripCharacter(text, ".").toLowerCase();
}

/** BAGEL's comparison: exact, but for case and white space around. */
export function bagelGqaMatches(prediction: string, gold: string): boolean {
  return strip(prediction).toLowerCase() === strip(gold).toLowerCase();
}

/** LMMs-Eval's comparison: exact, but for case and ASCII punctuation. */
export function lmmsEvalGqaMatches(prediction: string, gold: string): boolean {
  return lmmsEvalNormalised(prediction) === lmmsEvalNormalised(gold);
}

/** NumPy keeps the width of the text, so that a letter which becomes two ("İ") loses its second half. */
function lmmsEvalNormalised(text: string): string {
  const lower = [...text.toLowerCase()].slice(0, [...text].length).join("");
  return lower.replaceAll(/[!-/:-@[-`{-~]/g, "");
}

/** A percentage of so many questions. */
interface Detail {
  readonly score: number;
  readonly questions: number;
}

export interface GqaScores {
  readonly binary: number;
  readonly open: number;
  readonly accuracy: number;
  /** Null where not every question has a prediction. */
  readonly consistency: number | null;
  readonly validity: number;
  readonly plausibility: number;
  /** χ² of answers within groups of questions; lower is better. Null where no question is in a group. */
  readonly distribution: number | null;
  /** By structural and semantic type, by steps of reasoning and by words, in the order in which they are printed. */
  readonly details: Readonly<Record<string, ReadonlyMap<string | number, Detail>>>;
}

/** The last step of reasoning, which only asks. */
function isQuery({ operation, argument }: GqaQuestions[string]["semantic"][number]): boolean {
  const text = `${operation}: ${argument}`;
  return ["exist", "query: name", "choose name"].some((part) => text.includes(part));
}

/** What `…Common` questions may be answered with. */
const commonAttributes = ["color", "material", "shape"];

/**
 * The official scores of the balanced questions.
 * @param predictions of all questions where `consistency` is asked for, else of the balanced ones
 * @param choices valid and plausible answers; without them both shares are 0
 */
export function scoreGqa(
  questions: GqaQuestions,
  predictions: ReadonlyMap<string, string>,
  { choices, consistency }: { readonly choices?: GqaChoices | undefined; readonly consistency: boolean },
): GqaScores {
  const balanced = Object.entries(questions)
    .filter(([, { isBalanced }]) => isBalanced)
    .map(([id, asked]) => ({
      id,
      asked,
      predicted: predictions.get(id)!,
      right: predictions.get(id) === asked.answer,
    }));
  const percent = (of: readonly boolean[]) => (of.length === 0 ? 0 : of.filter(Boolean).length / of.length) * 100;
  const rightOf = (of: typeof balanced) => percent(of.map(({ right }) => right));
  const isOpen = ({ asked }: (typeof balanced)[number]) => asked.types.structural === "query";
  const offered = (list: "valid" | "plausible") =>
    percent(
      balanced.map(({ id, asked, predicted }) => {
        const allowed = asked.types.detailed.includes("Common") ? commonAttributes : choices?.[id]?.[list];
        return choices !== undefined && (allowed?.includes(predicted) ?? false);
      }),
    );
  const groupsBy = (key: (of: GqaQuestions[string]) => string | number) => {
    const groups = [...Map.groupBy(balanced, ({ asked }) => key(asked))].sort(([a], [b]) => (a < b ? -1 : 1));
    return new Map(groups.map(([value, of]) => [value, { score: rightOf(of), questions: of.length }]));
  };
  return {
    binary: rightOf(balanced.filter((each) => !isOpen(each))),
    open: rightOf(balanced.filter(isOpen)),
    accuracy: rightOf(balanced),
    consistency: consistency ? consistencyOf(balanced, questions, predictions) : null,
    validity: offered("valid"),
    plausibility: offered("plausible"),
    distribution: distributionOf(balanced),
    details: {
      "structural type": groupsBy(({ types }) => types.structural),
      "semantic type": groupsBy(({ types }) => types.semantic),
      "steps number": groupsBy(({ semantic }) => semantic.filter((step) => !isQuery(step)).length),
      "words number": groupsBy((asked) => splitWords(asked.question).length),
    },
  };
}

/** How often entailed questions are answered right, where the question that entails them is. */
function consistencyOf(
  balanced: readonly { readonly id: string; readonly asked: GqaQuestions[string]; readonly right: boolean }[],
  questions: GqaQuestions,
  predictions: ReadonlyMap<string, string>,
): number {
  const shares = balanced.flatMap(({ id, asked, right }) => {
    const entailed = asked.entailed.filter((other) => other !== id);
    if (!right || entailed.length === 0) return [];
    return [entailed.filter((other) => predictions.get(other) === questions[other]!.answer).length / entailed.length];
  });
  return (shares.length === 0 ? 0 : shares.reduce((sum, share) => sum + share, 0) / shares.length) * 100;
}

/** χ² of predicted against true answers of each group, averaged over groups by their sizes. */
function distributionOf(
  balanced: readonly { readonly asked: GqaQuestions[string]; readonly predicted: string }[],
): number | null {
  let sum = 0;
  let all = 0;
  const grouped = balanced.filter(({ asked }) => asked.groups.global !== null);
  for (const members of Map.groupBy(grouped, ({ asked }) => asked.groups.global).values()) {
    let score = 0;
    for (const [answer, of] of Map.groupBy(members, ({ asked }) => asked.answer)) {
      const observed = members.filter(({ predicted }) => predicted === answer).length;
      score += (observed - of.length) ** 2 / of.length;
    }
    sum += score * members.length;
    all += members.length;
  }
  return all === 0 ? null : sum / all / 100;
}

/** As the official eval.py prints. */
export function printGqa({ details, distribution, ...shares }: GqaScores): string {
  const lines = Object.entries(shares).flatMap(([name, value]) =>
    value === null ? [] : [`${name[0]!.toUpperCase()}${name.slice(1)}: ${formatFixed(value, 2)}%`],
  );
  if (distribution !== null) lines.push(`Distribution: ${formatFixed(distribution, 2)} (lower is better)`);
  for (const [name, groups] of Object.entries(details)) {
    lines.push("", `Accuracy / ${name}:`);
    for (const [value, { score: accuracy, questions }] of groups)
      lines.push(`  ${value}: ${formatFixed(accuracy, 2)}% (${questions} questions)`);
  }
  return `${lines.join("\n")}\n`;
}

/** Open and yes-or-no questions about scene graphs (Hudson & Manning 2019, arXiv:1902.09506). */
export const gqa: Benchmark = {
  name: "gqa",
  title: "GQA",
  protocols: ["official", "bagel", "lmms_eval"],
  version: 1,
  score,
};

async function score(files: ScoreFiles, protocol: string): Promise<Scored> {
  const path = expectQuestions(files.questions, "GQA's questions, a file or a folder of parts");
  const questions = await readQuestions(path);
  const rows = await readPredictions(files.answers);
  for (const { value, place } of rows)
    if (!Object.hasOwn(questions, value.id))
      throw new InputError(`${place}: ${JSON.stringify(value.id)}: no such question in ${path}`);
  const byId = indexBy(rows, ({ id }) => id, "question");
  const balanced = Object.keys(questions).filter((id) => questions[id]!.isBalanced);
  const missing = balanced.filter((id) => !byId.has(id));
  expectInput(
    missing.length === 0,
    `${files.answers}: ${missing.length} balanced questions have no prediction, the first ${missing[0]}; the official scorer needs all`,
  );
  const common = { items: balanced.length, missing: 0, failed: 0 };
  const predictions = new Map([...byId].map(([id, { value }]) => [id, value]));
  if (protocol !== "official") {
    const matches = protocol === "bagel" ? bagelGqaMatches : lmmsEvalGqaMatches;
    const right = balanced.filter((id) => matches(predictions.get(id)!.text, questions[id]!.answer)).length;
    return { ...common, scores: { overall: right / balanced.length }, notes: [] };
  }
  const choices = await readChoices(path);
  const all = Object.entries(questions);
  const consistency = all.every(
    ([id, { entailed }]) => predictions.has(id) && entailed.every((other) => Object.hasOwn(questions, other)),
  );
  const texts = new Map([...predictions].map(([id, { text, llava }]) => [id, llava ? llavaGqaPrediction(text) : text]));
  const scored = scoreGqa(questions, texts, { choices, consistency });
  const { accuracy, details, ...shares } = scored;
  const named = Object.fromEntries(
    Object.entries(details).map(([name, groups]) => [
      name.split(" ")[0]!,
      Object.fromEntries([...groups].map(([value, detail]): [string, Score] => [String(value), detail.score])),
    ]),
  );
  return {
    ...common,
    scores: { overall: accuracy, ...shares, ...named },
    notes: [
      ...(choices ? [] : ["validity and plausibility are 0: there is no file of choices beside the questions"]),
      ...(consistency ? [] : ["no consistency: it needs predictions for all questions, and all entailed questions"]),
    ],
    printed: printGqa(scored),
  };
}

/** Parts are merged, as the official scorer does with files that are too big. */
async function readQuestions(path: string): Promise<GqaQuestions> {
  const parts = await filesAt(path, /(?<!choices)\.json$/);
  const questions: Record<string, GqaQuestions[string]> = {};
  for (const part of parts) Object.assign(questions, await readJsonAs(part, questionFile));
  expectInput(
    Object.values(questions).some(({ isBalanced }) => isBalanced),
    `${path}: expected balanced questions, found none`,
  );
  return questions;
}

/** `val_choices.json` (or `choices.json`) beside `val_balanced_questions.json`, or within a folder of parts. */
async function readChoices(path: string): Promise<GqaChoices | undefined> {
  const isFolder = (await stat(path)).isDirectory();
  const folder = isFolder ? path : dirname(path);
  const tier = basename(path).split("_", 1)[0]!;
  const [file] = (await readdir(folder)).filter((name) =>
    isFolder ? name.endsWith("choices.json") : name === `${tier}_choices.json` || name === "choices.json",
  );
  return file === undefined ? undefined : readJsonAs(join(folder, file), choiceFile);
}

interface Prediction {
  readonly id: string;
  readonly text: string;
  /** As a model wrote it, still to be converted as LLaVA does. */
  readonly llava: boolean;
}

/** The official array, or LLaVA's lines. */
async function readPredictions(path: string): Promise<Placed<Prediction>[]> {
  if (path.endsWith(".jsonl"))
    return (await readJsonRows(path, llavaRow)).map(({ value, place }) => ({
      place,
      value: { id: value.question_id, text: value.text, llava: true },
    }));
  return (await readJsonAs(path, officialPredictions)).map(({ questionId, prediction }, i) => ({
    place: `${path}, item ${i}`,
    value: { id: questionId, text: prediction, llava: false },
  }));
}
