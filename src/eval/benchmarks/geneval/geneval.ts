import { z } from "zod";
import { expectInput, InputError } from "../../../core/errors.ts";
import { mean } from "../../python/mean.ts";
import { formatFixed, formatPercent } from "../../python/number.ts";
import type { Benchmark, Score, ScoreFiles, Scored } from "../benchmark.ts";
import { checked, expectQuestions, indexBy, parseJson, readJsonRows, readText, type Placed } from "../input-files.ts";
import { detection, genevalPrompt, gradePicture, keepDetections, type GenevalPrompt } from "./grade.ts";

/** As evaluate_images.py writes; `metadata` is the prompt's record as JSON. */
const resultRow = z.object({
  filename: z.string(),
  tag: z.string(),
  prompt: z.string(),
  correct: z.boolean(),
  metadata: z.string().optional(),
});
const detectionRow = z.object({
  filename: z.string(),
  prompt_index: z.int().nonnegative().optional(),
  detections: z.array(detection),
});

/** A judged picture. */
export type GenevalResult = Omit<z.infer<typeof resultRow>, "filename">;

/** Reads evaluation_metadata.jsonl. */
export async function readGenevalPrompts(path: string): Promise<GenevalPrompt[]> {
  return (await readJsonRows(path, genevalPrompt)).map(({ value }) => value);
}

/** Shares of right pictures by task, in the order in which tasks appear; the overall score is their plain mean. */
export function scoreGeneval(results: readonly GenevalResult[]) {
  const share = (of: readonly boolean[]) => of.filter(Boolean).length / of.length;
  const correct = (of: readonly GenevalResult[]) => of.map((result) => result.correct);
  const tasks = [...Map.groupBy(results, ({ tag }) => tag)].map(([tag, of]) => ({
    tag,
    score: share(correct(of)),
    right: correct(of).filter(Boolean).length,
    pictures: of.length,
  }));
  const prompts = [...Map.groupBy(results, ({ metadata, prompt }) => metadata ?? prompt).values()];
  return {
    overall: mean(tasks.map(({ score: each }) => each)),
    tasks,
    pictures: results.length,
    prompts: prompts.length,
    correctPictures: share(correct(results)),
    correctPrompts: share(prompts.map((of) => correct(of).some(Boolean))),
    mostPictures: Math.max(...prompts.map((of) => of.length)),
  };
}

/** As summary_scores.py prints. */
function printed({ overall, tasks, ...all }: ReturnType<typeof scoreGeneval>): string {
  return [
    "Summary",
    "=======",
    `Total images: ${all.pictures}`,
    `Total prompts: ${all.prompts}`,
    `% correct images: ${formatPercent(all.correctPictures, 2)}`,
    `% correct prompts: ${formatPercent(all.correctPrompts, 2)}`,
    "",
    "Task breakdown",
    "==============",
    ...tasks.map(
      ({ tag, score: share, right, pictures }) =>
        `${tag.padEnd(16)} = ${formatPercent(share, 2)} (${right} / ${pictures})`,
    ),
    "",
    `Overall score (avg. over tasks): ${formatFixed(overall, 5)}`,
    "",
  ].join("\n");
}

/** Objects, numbers, colours and places in drawn pictures (Ghosh et al. 2023, arXiv:2310.11513). */
export const geneval: Benchmark = {
  name: "geneval",
  title: "GenEval",
  protocols: ["official"],
  version: 1,
  score,
};

async function score({ answers, questions }: ScoreFiles): Promise<Scored> {
  const results = await readResults(answers, questions);
  const scored = scoreGeneval(results);
  const prompts = questions === undefined ? scored.prompts : (await readGenevalPrompts(questions)).length;
  const tasks: Record<string, Score> = {};
  for (const { tag, score: share } of scored.tasks) tasks[tag] = share;
  const items = Math.max(prompts * scored.mostPictures, results.length);
  const missing = items - results.length;
  return {
    scores: {
      overall: scored.overall,
      ...tasks,
      correct_images: scored.correctPictures,
      correct_prompts: scored.correctPrompts,
    },
    items,
    missing,
    failed: 0,
    notes: missing > 0 ? [`pictures that were not judged are left out (${scored.mostPictures} a prompt expected)`] : [],
    printed: printed(scored),
  };
}

/** Official results, or detections that are judged here. */
async function readResults(path: string, questions: string | undefined): Promise<GenevalResult[]> {
  const [first] = (await readText(path)).split("\n", 1);
  expectInput(first !== undefined && first.trim() !== "", `${path}: expected one picture a line, found nothing`);
  const isJudged = Object.hasOwn(
    checked(parseJson(first, `${path}, line 1`), z.looseObject({}), `${path}, line 1`),
    "correct",
  );
  if (isJudged) return picturesOf(await readJsonRows(path, resultRow)).map(({ value }) => value);
  const prompts = await readGenevalPrompts(
    expectQuestions(questions, "evaluation_metadata.jsonl, which detections are judged by"),
  );
  return picturesOf(await readJsonRows(path, detectionRow)).map(({ value, place }) => {
    const index = value.prompt_index ?? promptIndex(value.filename, place);
    const prompt = prompts[index];
    if (prompt === undefined)
      throw new InputError(`${place}: prompt ${index}: ${questions} has ${prompts.length} prompts`);
    return { ...judge(prompt, value, place), tag: prompt.tag, prompt: prompt.prompt, metadata: String(index) };
  });
}

/** Every picture may be there once. */
function picturesOf<T extends { readonly filename: string }>(rows: readonly Placed<T>[]): readonly Placed<T>[] {
  indexBy(rows, ({ filename }) => filename, "filename");
  return rows;
}

function judge(
  prompt: GenevalPrompt,
  { detections }: z.infer<typeof detectionRow>,
  place: string,
): { correct: boolean } {
  try {
    return gradePicture(keepDetections(detections, prompt.tag), prompt);
  } catch (error) {
    if (error instanceof RangeError)
      throw new InputError(`${place}: ${error.message}, which ${JSON.stringify(prompt.prompt)} asks for`);
    throw error;
  }
}

/** 12 of "…/00012/samples/0000.png". */
function promptIndex(filename: string, place: string): number {
  const digits = /(?:^|\/)(\d+)\/samples\/[^/]+$/.exec(filename)?.[1];
  if (digits === undefined)
    throw new InputError(
      `${place}: filename: expected …/NNNNN/samples/NNNN.png or a prompt_index, found ${JSON.stringify(filename)}`,
    );
  return Number(digits);
}
