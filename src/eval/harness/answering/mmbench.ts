import { join } from "node:path";
import { writeBytesAtomic } from "../../../core/atomic-file.ts";
import { InputError } from "../../../core/errors.ts";
import { filesAt } from "../../benchmarks/input-files.ts";
import { bagelOption } from "../../benchmarks/bagel-option.ts";
import { ROTATION } from "../../benchmarks/mmbench/mmbench.ts";
import { readMmbench, type MmbenchRow } from "../../benchmarks/mmbench/rows.ts";
import { ONE_LETTER, toLines, type BenchmarkPicture, type QuestionSet } from "../question-set.ts";

/** Room for an option's text. */
const TOKENS = 100;
/** A shorter cell is the index of the row that has the picture, as in VLMEvalKit. */
const SHORTEST_PICTURE = 64;

/** One TSV with pictures in base64. `limit` counts questions, each with all its rotations. */
export async function readMmbenchQuestions(data: string, limit: number, protocol: string): Promise<QuestionSet> {
  const [path, ...others] = await filesAt(data, /\.tsv$/);
  if (others.length > 0)
    throw new InputError(`${data}: expected one TSV, found ${others.length + 1}; give its path as --data`);
  const table = await readMmbench(path!);
  const chosen = new Set([...table.keys()].filter((index) => index < ROTATION).slice(0, limit));
  const rows = [...table.values()].filter(({ value }) => chosen.has(value.index % ROTATION));
  const pictureOf = (row: MmbenchRow, place: string): BenchmarkPicture => {
    const cell = row.image ?? "";
    const base64 = cell.length >= SHORTEST_PICTURE ? cell : table.get(Number(cell))?.value.image;
    if (!base64) throw new InputError(`${place}: expected a picture in base64 in the column "image"`);
    return { place, read: () => Promise.resolve(Buffer.from(base64, "base64")) };
  };
  return {
    questions: rows.map(({ value, place }) => ({
      id: String(value.index),
      content: [pictureOf(value, place), mmbenchPrompt(value)],
      maxTokens: TOKENS,
    })),
    async write(answers, folder) {
      const answered = rows.map(({ value }) => {
        const { image: _, options, ...row } = value;
        const answer = answers.get(String(value.index))!;
        return {
          ...row,
          ...Object.fromEntries(options),
          prediction: protocol === "bagel" ? bagelOption(answer, options) : answer,
        };
      });
      const file = join(folder, "predictions.jsonl");
      await writeBytesAtomic(file, toLines(answered));
      return { answers: file };
    },
  };
}

/** As LLaVA and BAGEL ask. */
export function mmbenchPrompt({ hint, question, options }: Pick<MmbenchRow, "hint" | "question" | "options">): string {
  const lines = [...options].map(([letter, option]) => `${letter}. ${option}`);
  return [...(hint === undefined ? [] : [hint]), question, ...lines, ONE_LETTER].join("\n");
}
