import { join } from "node:path";
import { z } from "zod";
import { writeBytesAtomic, writeJsonAtomic } from "../../../core/atomic-file.ts";
import { filesAt, readJsonAs } from "../../benchmarks/input-files.ts";
import { findIn, ONE_WORD, toLines, WORDS, type QuestionSet } from "../question-set.ts";

const questionFile = z.record(
  z.string(),
  z.looseObject({ question: z.string(), imageId: z.string(), isBalanced: z.boolean() }),
);

/** `testdev_balanced_questions.json` (or another tier's) and `images/<imageId>.jpg`. */
export async function readGqa(data: string, limit: number): Promise<QuestionSet> {
  const [path] = await filesAt(data, /_balanced_questions\.json$/);
  const all = Object.entries(await readJsonAs(path!, questionFile)).filter(([, { isBalanced }]) => isBalanced);
  const chosen = all.slice(0, limit);
  return {
    questions: await Promise.all(
      chosen.map(async ([id, { question, imageId }]) => ({
        id,
        content: [
          { path: await findIn(data, [join("images", `${imageId}.jpg`), join("images", `${imageId}.png`)]) },
          `${question}\n${ONE_WORD}`,
        ],
        maxTokens: WORDS,
      })),
    ),
    async write(answers, folder) {
      const files = { answers: join(folder, "answers.jsonl"), questions: join(folder, "questions.json") };
      await writeBytesAtomic(
        files.answers,
        toLines(chosen.map(([id]) => ({ question_id: id, text: answers.get(id)! }))),
      );
      await writeJsonAtomic(files.questions, Object.fromEntries(chosen));
      return files;
    },
  };
}
