import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeJsonAtomic } from "../../../core/atomic-file.ts";
import { expectInput, InputError } from "../../../core/errors.ts";
import { readJsonRows } from "../../benchmarks/input-files.ts";
import { MMMU_SUBJECTS } from "../../benchmarks/mmmu/subjects.ts";
import { findIn, ONE_LETTER, ONE_WORD, type BenchmarkPicture, type QuestionSet, WORDS } from "../question-set.ts";

const MULTIPLE_CHOICE = "multiple-choice";
const row = z.object({
  id: z.string(),
  question: z.string(),
  question_type: z.string(),
  options: z.array(z.string()),
  answer: z.union([z.string(), z.array(z.string())]),
  /** Files of <image 1>, <image 2>, … */
  images: z.array(z.string()),
});
type Row = z.infer<typeof row>;

/** `<Subject>/validation.jsonl`, made of the data set's Parquet files, with the paths of pictures. */
export async function readMmmu(data: string, limit: number): Promise<QuestionSet> {
  const names = new Set(await readdir(data).catch(() => []));
  const subjects = await Promise.all(
    MMMU_SUBJECTS.filter((name) => names.has(name)).map(async (name) => ({
      name,
      rows: (await readJsonRows(join(data, name, "validation.jsonl"), row)).slice(0, limit),
    })),
  );
  expectInput(subjects.length > 0, `${data}: expected folders of MMMU's subjects (Accounting, …), found none`);
  return {
    questions: await Promise.all(
      subjects.flatMap(({ name, rows }) =>
        rows.map(async ({ value, place }) => ({
          id: value.id,
          content: await contentOf(value, join(data, name), place),
          maxTokens: WORDS,
        })),
      ),
    ),
    async write(answers, folder) {
      for (const { name, rows } of subjects) {
        const outputs = rows.map(({ value: { id, question_type: type, answer, options } }) => ({
          id,
          question_type: type,
          answer,
          ...(type === MULTIPLE_CHOICE && {
            all_choices: options.map((_, i) => letterOf(i)),
            index2ans: Object.fromEntries(options.map((option, i) => [letterOf(i), option])),
          }),
          response: answers.get(id)!,
        }));
        await writeJsonAtomic(join(folder, name, "output.json"), outputs);
      }
      return { answers: folder };
    },
  };
}

/** The official prompt, each "<image 1>" replaced by its picture. */
async function contentOf(value: Row, folder: string, place: string): Promise<(string | BenchmarkPicture)[]> {
  const content: (string | BenchmarkPicture)[] = [];
  let text = "";
  for (const piece of mmmuPrompt(value).split(/(<image \d+>)/)) {
    const number = /^<image (\d+)>$/.exec(piece)?.[1];
    if (number === undefined) {
      text += piece;
      continue;
    }
    const image = value.images[Number(number) - 1];
    if (image === undefined)
      throw new InputError(`${place}: ${piece}: expected that many images, found ${value.images.length}`);
    if (text !== "") content.push(text);
    text = "";
    content.push({ path: await findIn(folder, [image]) });
  }
  return text === "" ? content : [...content, text];
}

/** As the official configuration of LLaVA gives it once its YAML is read, where every empty line folds into one line break. */
export function mmmuPrompt({
  question,
  question_type: type,
  options,
}: Pick<Row, "question" | "question_type" | "options">): string {
  if (type !== MULTIPLE_CHOICE) return `${question}\n${ONE_WORD}`;
  const lines = options.map((option, i) => `(${letterOf(i)}) ${option}\n`);
  return `${question}\n${lines.join("")}\n${ONE_LETTER}`;
}

function letterOf(index: number): string {
  return String.fromCodePoint("A".codePointAt(0)! + index);
}
