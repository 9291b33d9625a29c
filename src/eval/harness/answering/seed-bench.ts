import { join } from "node:path";
import { z } from "zod";
import { writeBytesAtomic, writeJsonAtomic } from "../../../core/atomic-file.ts";
import { readJsonAs } from "../../benchmarks/input-files.ts";
import { findIn, ONE_LETTER, toLines, WORDS, type QuestionSet } from "../question-set.ts";

const annotation = z.looseObject({
  questions: z.array(
    z.looseObject({
      question: z.string(),
      question_id: z.union([z.string(), z.int()]),
      data_id: z.string(),
      data_type: z.string(),
      choice_a: z.string(),
      choice_b: z.string(),
      choice_c: z.string(),
      choice_d: z.string(),
    }),
  ),
});

/** `SEED-Bench.json` and `SEED-Bench-image/`. Videos are not asked about, as the model reads pictures. */
export async function readSeedBench(data: string, limit: number): Promise<QuestionSet> {
  const annotated = await readJsonAs(join(data, "SEED-Bench.json"), annotation);
  const chosen = annotated.questions.filter((question) => question.data_type === "image").slice(0, limit);
  return {
    questions: await Promise.all(
      chosen.map(async (question) => {
        const { question: text, choice_a: a, choice_b: b, choice_c: c, choice_d: d } = question;
        return {
          id: String(question.question_id),
          content: [
            { path: await findIn(data, [join("SEED-Bench-image", question.data_id), question.data_id]) },
            [text, `A. ${a}`, `B. ${b}`, `C. ${c}`, `D. ${d}`, ONE_LETTER].join("\n"),
          ],
          maxTokens: WORDS,
        };
      }),
    ),
    async write(answers, folder) {
      const rows = chosen.map(({ question_id: id }) => ({
        // The official scorer looks for numbers where ids are made of digits.
        question_id: /^\d+$/.test(String(id)) ? Number(id) : id,
        text: answers.get(String(id))!,
      }));
      const files = { answers: join(folder, "answers.jsonl"), questions: join(folder, "SEED-Bench.json") };
      await writeBytesAtomic(files.answers, toLines(rows));
      await writeJsonAtomic(files.questions, { ...annotated, questions: chosen });
      return files;
    },
  };
}
