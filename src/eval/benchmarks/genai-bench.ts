import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { expectInput, InputError } from "../../core/errors.ts";
import { mean } from "../python/mean.ts";
import { formatFixed } from "../python/number.ts";
import type { Benchmark, Score, ScoreFiles, Scored } from "./benchmark.ts";
import { expectQuestions, indexBy, readBytes, readJsonAs, readJsonRows, stemOf } from "./input-files.ts";
import { readTorchTensor } from "./torch-tensor.ts";

/** The tables that the official scorer prints. */
const tables = {
  basic: ["attribute", "scene", "spatial relation", "action relation", "part relation", "basic"],
  advanced: ["counting", "comparison", "differentiation", "negation", "universal", "advanced"],
  overall: ["basic", "advanced", "all"],
} as const;

const prompts = z.record(
  z.string().regex(/^\d{5}$/),
  z.object({ prompt: z.string(), models: z.record(z.string(), z.array(z.number()).min(1)).optional() }),
);
const skills = z.record(z.string(), z.array(z.int().nonnegative()));
const scoreList = z.union([z.number().transform((value) => [value]), z.array(z.number()).min(1)]);
const scoreRow = z.object({ id: z.string(), score: scoreList });

export type GenaiPrompts = z.infer<typeof prompts>;
export type GenaiSkills = z.infer<typeof skills>;

/** Of the pictures whose prompts have this skill. */
export interface SkillScore {
  readonly mean: number;
  /** With n − 1, as PyTorch has it. */
  readonly deviation: number;
}

/** Prompt 7 is called "00007". */
function idOf(prompt: number): string {
  return String(prompt).padStart(5, "0");
}

/** Means over the prompts of each skill, and of all skills together as `all`. */
export function scoreSkills(scoreOf: (prompt: number) => number, bySkill: GenaiSkills): Map<string, SkillScore> {
  const all = [...new Set(Object.values(bySkill).flat())].sort((a, b) => a - b);
  return new Map(
    Object.entries({ ...bySkill, all }).map(([skill, members]) => {
      const scores = members.map(scoreOf);
      const middle = mean(scores);
      const squares = scores.reduce((sum, value) => sum + (value - middle) ** 2, 0);
      return [skill, { mean: middle, deviation: Math.sqrt(squares / (scores.length - 1)) }];
    }),
  );
}

/** Null for a skill that no prompt has. */
function meansOf(scores: ReadonlyMap<string, SkillScore>): Readonly<Record<string, number | null>> {
  return Object.fromEntries(
    [...scores].map(([skill, { mean: middle }]) => [skill, Number.isNaN(middle) ? null : middle]),
  );
}

/** As genai_bench/evaluate.py prints. */
function printed(scores: ReadonlyMap<string, SkillScore>, model: string): string {
  const cells = (texts: readonly string[]) => texts.map((text) => text.padEnd(20)).join(" ");
  return Object.entries(tables)
    .map(([group, names]) => {
      const values = names.map((name) => {
        const { mean: middle, deviation } = scores.get(name)!;
        return `${formatFixed(middle, 2)} +- ${formatFixed(deviation, 2)}`;
      });
      return [
        `Tag Group: ${group} (metric performance)\n`,
        `${"Model".padEnd(20)}${cells(names)}\n`,
        `${model.padEnd(20)}${cells(values)}\n`,
      ].join("");
    })
    .join("");
}

/** How well a picture shows its prompt, by skill of the prompt (Li et al. 2024, arXiv:2406.13743). */
export const genaiBench: Benchmark = {
  name: "genaibench",
  title: "GenAI-Bench",
  protocols: ["official", "fixed", "human"],
  version: 1,
  score,
};

async function score({ answers, questions }: ScoreFiles, protocol: string): Promise<Scored> {
  const bySkill = await readSkills(
    protocol === "human" ? (questions ?? answers) : expectQuestions(questions, "genai_image.json"),
  );
  return protocol === "human" ? scoreHuman(answers, bySkill) : scoreModel(answers, questions!, bySkill, protocol);
}

async function scoreModel(answers: string, questions: string, bySkill: GenaiSkills, protocol: string): Promise<Scored> {
  const ids = Object.keys(await readJsonAs(await promptFile(questions), prompts)).sort();
  const scores = await readScores(answers, ids);
  const missing = ids.filter((id) => !scores.has(id));
  expectInput(
    missing.length === 0,
    `${answers}: ${missing.length} of ${ids.length} prompts have no score, the first ${missing[0]}; the official scorer needs all`,
  );
  const inOrder = ids.map((id) => scores.get(id)!);
  const scoreOf = (prompt: number): number => {
    // The official scorer takes the number of a prompt for its place, which is right only where numbers begin with 0.
    const found = protocol === "official" ? inOrder[prompt] : scores.get(idOf(prompt));
    if (found !== undefined) return found;
    throw new InputError(
      protocol === "official"
        ? `${questions}: the official scorer stops at prompt ${idOf(prompt)} (IndexError), as numbers do not begin with 0; --protocol fixed scores by number`
        : `genai_skills.json: prompt ${idOf(prompt)} is not among the prompts of ${questions}`,
    );
  };
  const bySkillScores = scoreSkills(scoreOf, bySkill);
  const means = meansOf(bySkillScores);
  return {
    scores: { overall: means["all"]!, ...means },
    items: ids.length,
    missing: 0,
    failed: 0,
    notes: [],
    ...(Object.values(means).every((value) => value !== null) && { printed: printed(bySkillScores, stemOf(answers)) }),
  };
}

/** What people gave, from 1 to 5: mean of the raters of a picture, then of pictures. */
async function scoreHuman(answers: string, bySkill: GenaiSkills): Promise<Scored> {
  const rated = await readJsonAs(await promptFile(answers), prompts);
  const models = [...new Set(Object.values(rated).flatMap(({ models: own = {} }) => Object.keys(own)))];
  expectInput(models.length > 0, `${answers}: expected ratings of models, found none`);
  const byModel: Record<string, Score> = {};
  const overall: number[] = [];
  for (const model of models) {
    const scoreOf = (prompt: number): number => {
      const ratings = rated[idOf(prompt)]?.models?.[model];
      expectInput(
        ratings !== undefined,
        `${answers}: prompt ${idOf(prompt)}: expected ratings of ${model}, found none`,
      );
      return mean(ratings);
    };
    const scores = scoreSkills(scoreOf, bySkill);
    byModel[model] = meansOf(scores);
    overall.push(scores.get("all")!.mean);
  }
  return {
    scores: { overall: mean(overall), models: byModel },
    items: Object.keys(rated).length,
    missing: 0,
    failed: 0,
    notes: ["ratings of people from 1 to 5; overall is the mean of the models"],
  };
}

/** The file itself, or genai_image.json in the folder. */
async function promptFile(path: string): Promise<string> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  return isFolder ? join(path, "genai_image.json") : path;
}

/** genai_skills.json lies beside the prompts. */
async function readSkills(path: string): Promise<GenaiSkills> {
  const file = join(dirname(await promptFile(path)), "genai_skills.json");
  const found = await readJsonAs(file, skills);
  for (const name of [...tables.basic, ...tables.advanced])
    expectInput(found[name] !== undefined, `${file}: expected prompts with the skill "${name}", found none`);
  return found;
}

/** The official scorer's tensor: a row of scores for each prompt, in the order of prompts. */
async function readTensorRows(path: string, rows: number): Promise<number[]> {
  const numbers = readTorchTensor(await readBytes(path), path);
  const columns = numbers.length / rows;
  expectInput(
    Number.isInteger(columns) && columns > 0,
    `${path}: expected scores of ${rows} prompts, found ${numbers.length} numbers`,
  );
  return Array.from({ length: rows }, (_, i) => mean(numbers.slice(i * columns, (i + 1) * columns)));
}

/** Mean VQAScores of each prompt's pictures: JSON { id: score or scores }, JSON Lines of { id, score }, or PyTorch's tensor. */
async function readScores(path: string, ids: readonly string[]): Promise<Map<string, number>> {
  if (path.endsWith(".pt")) {
    const scores = await readTensorRows(path, ids.length);
    return new Map(ids.map((id, i) => [id, scores[i]!]));
  }
  const rows = path.endsWith(".jsonl")
    ? await readJsonRows(path, scoreRow)
    : Object.entries(await readJsonAs(path, z.record(z.string(), scoreList))).map(([id, list]) => ({
        place: `${path}: ${id}`,
        value: { id, score: list },
      }));
  const known = new Set(ids);
  for (const { value, place } of rows) expectInput(known.has(value.id), `${place}: ${value.id}: no such prompt`);
  return new Map([...indexBy(rows, ({ id }) => id, "prompt")].map(([id, { value }]) => [id, mean(value.score)]));
}
