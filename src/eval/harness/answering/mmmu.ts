import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeJsonAtomic } from "../../../core/atomic-file.ts";
import { expectInput, InputError } from "../../../core/errors.ts";
import { readJsonRows } from "../../benchmarks/input-files.ts";
import { MMMU_SUBJECTS } from "../../benchmarks/mmmu/subjects.ts";
import { ParquetFile } from "../../benchmarks/parquet-file.ts";
import { parseStringList } from "../../python/string-list.ts";
import { findIn, ONE_LETTER, ONE_WORD, type BenchmarkPicture, type QuestionSet, WORDS } from "../question-set.ts";

const MULTIPLE_CHOICE = "multiple-choice";
const texts = { id: z.string(), question: z.string(), question_type: z.string() };
const line = z.object({
  ...texts,
  options: z.array(z.string()),
  answer: z.union([z.string(), z.array(z.string())]),
  /** Files of <image 1>, <image 2>, … */
  images: z.array(z.string()),
});
/** Lists are in Python's notation. */
const cells = z.object({ ...texts, options: z.string(), answer: z.string() });

interface Row extends Omit<z.infer<typeof line>, "images"> {
  /** Of `<image number>`. Throws InputError where there is none. */
  picture(number: number): Promise<BenchmarkPicture>;
}

/** `<Subject>/validation-*.parquet`, the data set's own files, or `<Subject>/validation.jsonl` with the paths of pictures. */
export async function readMmmu(data: string, limit: number): Promise<QuestionSet> {
  const names = new Set(await readdir(data).catch(() => []));
  const subjects = await Promise.all(
    MMMU_SUBJECTS.filter((name) => names.has(name)).map(async (name) => ({
      name,
      rows: await readSubject(join(data, name), limit),
    })),
  );
  expectInput(subjects.length > 0, `${data}: expected folders of MMMU's subjects (Accounting, …), found none`);
  return {
    questions: await Promise.all(
      subjects.flatMap(({ rows }) =>
        rows.map(async (row) => ({ id: row.id, content: await contentOf(row), maxTokens: WORDS })),
      ),
    ),
    async write(answers, folder) {
      for (const { name, rows } of subjects) {
        const outputs = rows.map(({ id, question_type: type, answer, options }) => ({
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

async function readSubject(folder: string, limit: number): Promise<Row[]> {
  const names = await readdir(folder);
  const parts = names.filter((name) => /^validation-.*\.parquet$/.test(name)).sort();
  if (parts.length === 0) return await readLines(folder, limit);
  const rows: Row[] = [];
  for (const name of parts) rows.push(...(await readParquet(join(folder, name), limit - rows.length)));
  return rows;
}

async function readLines(folder: string, limit: number): Promise<Row[]> {
  const rows = (await readJsonRows(join(folder, "validation.jsonl"), line)).slice(0, limit);
  return rows.map(({ value: { images, ...value }, place }) => ({
    ...value,
    async picture(number) {
      const image = images[number - 1];
      if (image !== undefined) return { path: await findIn(folder, [image]) };
      throw new InputError(`${place}: <image ${number}>: expected that many images, found ${images.length}`);
    },
  }));
}

async function readParquet(path: string, limit: number): Promise<Row[]> {
  const file = await ParquetFile.open(path);
  const rows = await file.rows(Object.keys(cells.shape), cells, limit);
  return rows.map(({ value, place }, index) => {
    const options = parseStringList(value.options);
    if (options === null)
      throw new InputError(`${place}: expected a list of texts as "options", found ${JSON.stringify(value.options)}`);
    return {
      ...value,
      options,
      answer: parseStringList(value.answer) ?? value.answer,
      picture: (number) =>
        Promise.resolve({
          place: `${place}, image_${number}`,
          async read() {
            const bytes = await file.picture(`image_${number}`, index);
            if (bytes !== undefined) return bytes;
            throw new InputError(`${place}: <image ${number}>: expected a picture in the column "image_${number}"`);
          },
        }),
    };
  });
}

/** The official prompt, each "<image 1>" replaced by its picture. */
async function contentOf(row: Row): Promise<(string | BenchmarkPicture)[]> {
  const content: (string | BenchmarkPicture)[] = [];
  let text = "";
  for (const piece of mmmuPrompt(row).split(/(<image \d+>)/)) {
    const number = /^<image (\d+)>$/.exec(piece)?.[1];
    if (number === undefined) {
      text += piece;
      continue;
    }
    if (text !== "") content.push(text);
    text = "";
    content.push(await row.picture(Number(number)));
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
