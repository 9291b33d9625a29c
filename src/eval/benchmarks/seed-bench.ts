import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { formatFixed } from "../python/number.ts";
import { strip } from "../python/text.ts";
import { ratio, type Benchmark, type ScoreFiles, type Scored } from "./benchmark.ts";
import { expectQuestions, indexBy, readJsonAs, readJsonRows } from "./input-files.ts";

const questionId = z.union([z.string(), z.int()]);
const annotation = z.object({
  questions: z.array(
    z.object({
      answer: z.string(),
      question_id: questionId,
      question_type_id: z.int(),
      data_type: z.string(),
    }),
  ),
  question_type: z.record(z.string(), z.int()),
});
const answerRow = z.object({ question_id: questionId, text: z.string() });

export type SeedAnnotation = z.infer<typeof annotation>;
type Question = SeedAnnotation["questions"][number];
type QuestionId = z.infer<typeof questionId>;

/** Whether the answer is the letter itself, and nothing more. */
const isExactly = (text: string, letter: string): boolean => text === letter;
/** LMMs-Eval: whether it begins with the letter, in either case. */
const beginsWith = (text: string, letter: string): boolean =>
  strip([...strip(text)].slice(0, 1).join("").toLowerCase()) === strip(letter.toLowerCase());

/** Numbers written as text are the numbers: the questions say "10000", answers 10000. */
function keyOf(id: QuestionId): QuestionId {
  return typeof id === "string" && /^\d{1,15}$/.test(id) ? Number(id) : id;
}

/** Percentages: of all, of one kind of data, and of each dimension. */
export interface SeedScores {
  readonly overall: number | null;
  readonly image: number | null;
  readonly video: number | null;
  readonly dimensions: Readonly<Record<string, number | null>>;
}

/** Scores answers by question. What has no answer is wrong; LMMs-Eval knows only questions that were answered. */
export function scoreSeed(
  { questions, question_type: types }: SeedAnnotation,
  answers: ReadonlyMap<QuestionId, string>,
  protocol: string,
): SeedScores {
  const lmmsEval = protocol === "lmms_eval";
  const isRight = lmmsEval ? beginsWith : isExactly;
  const answerTo = (question: Question) => answers.get(keyOf(question.question_id));
  const counted = lmmsEval ? questions.filter((question) => answerTo(question) !== undefined) : questions;
  const percent = (chosen: readonly Question[]) => {
    const right = chosen.filter((question) => {
      const answer = answerTo(question);
      return answer !== undefined && isRight(answer, question.answer);
    });
    const share = ratio(right.length, chosen.length);
    return share === null ? null : lmmsEval ? share : share * 100;
  };
  const dimensions: Record<string, number | null> = {};
  for (const [name, id] of Object.entries(types).sort(([, a], [, b]) => a - b)) {
    const own = counted.filter((question) => question.question_type_id === id);
    if (own.length > 0) dimensions[name] = percent(own);
  }
  const ofData = (type: string) => percent(counted.filter((question) => question.data_type === type));
  return { overall: percent(counted), image: ofData("image"), video: ofData("video"), dimensions };
}

/** Multiple choice in twelve dimensions, nine of pictures and three of videos (Li et al. 2023, arXiv:2307.16125). */
export const seedBench: Benchmark = {
  name: "seedbench",
  title: "SEED-Bench",
  protocols: ["official", "lmms_eval"],
  version: 1,
  score,
};

async function score({ answers, questions }: ScoreFiles, protocol: string): Promise<Scored> {
  const path = expectQuestions(questions, "SEED-Bench.json");
  const annotated = await readJsonAs(path, annotation);
  const rows = await readJsonRows(answers, answerRow);
  const known = new Set(annotated.questions.map((question) => keyOf(question.question_id)));
  for (const { value, place } of rows) {
    const id = value.question_id;
    if (!known.has(id)) {
      const hint = known.has(keyOf(id)) ? " (ids of digits are numbers, without quotes)" : "";
      throw new InputError(`${place}: question_id: expected one of ${path}, found ${JSON.stringify(id)}${hint}`);
    }
  }
  const byId = indexBy(rows, ({ question_id: id }) => id, "question_id");
  const texts = new Map([...byId].map(([id, { value }]) => [id, value.text]));
  const { overall, image, video, dimensions } = scoreSeed(annotated, texts, protocol);
  const missing = annotated.questions.length - rows.length;
  return {
    scores: { overall, image, video, dimensions },
    items: annotated.questions.length,
    missing,
    failed: 0,
    notes:
      missing > 0
        ? [protocol === "lmms_eval" ? "only answered questions count" : "questions without an answer count as wrong"]
        : [],
    ...(protocol === "official" && { printed: printed({ overall, image, video, dimensions }) }),
  };
}

/** As LLaVA's convert_seed_for_submission.py prints. */
function printed({ overall, image, video, dimensions }: SeedScores): string {
  const named = {
    ...dimensions,
    "Total accuracy": overall,
    "image accuracy": image,
    "video accuracy": video,
  };
  return Object.entries(named)
    .flatMap(([name, value]) => (value === null ? [] : [`${name}: ${formatFixed(value, 2)}%\n`]))
    .join("");
}
