import { join } from "node:path";
import { z } from "zod";
import { writeBytesAtomic } from "../../../core/atomic-file.ts";
import { filesAt, readJsonRows } from "../../benchmarks/input-files.ts";
import { findIn, ONE_WORD, toLines, WORDS, type QuestionSet } from "../question-set.ts";

const row = z.object({ question_id: z.int(), image: z.string(), text: z.string(), label: z.string() });
const SPLITS = ["random", "popular", "adversarial"];

/** `coco_pope_*.json`, pictures in `val2014/` beside them. */
export async function readPope(data: string, limit: number): Promise<QuestionSet> {
  const splits = await Promise.all(
    (await filesAt(data, /_pope_(?:random|popular|adversarial)\.json$/)).map(async (path) => ({
      name: SPLITS.find((split) => path.endsWith(`${split}.json`))!,
      rows: (await readJsonRows(path, row)).slice(0, limit).map(({ value }) => value),
    })),
  );
  const idOf = (split: string, id: number) => `${split}/${id}`;
  return {
    questions: await Promise.all(
      splits.flatMap(({ name, rows }) =>
        rows.map(async ({ question_id: id, image, text }) => ({
          id: idOf(name, id),
          content: [{ path: await findIn(data, [join("val2014", image), image]) }, `${text}\n${ONE_WORD}`],
          maxTokens: WORDS,
        })),
      ),
    ),
    async write(answers, folder) {
      for (const { name, rows } of splits) {
        const answered = rows.map(({ question_id: id, text }) => ({
          question_id: id,
          question: text,
          answer: answers.get(idOf(name, id))!,
        }));
        await writeBytesAtomic(join(folder, "answers", `${name}.jsonl`), toLines(answered));
        await writeBytesAtomic(join(folder, "questions", `coco_pope_${name}.json`), toLines(rows));
      }
      return { answers: join(folder, "answers"), questions: join(folder, "questions") };
    },
  };
}
