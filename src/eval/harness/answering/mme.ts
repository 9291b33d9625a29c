import { join } from "node:path";
import { writeBytesAtomic } from "../../../core/atomic-file.ts";
import { InputError } from "../../../core/errors.ts";
import { readText } from "../../benchmarks/input-files.ts";
import { bagelMmeResponse, MME_TASKS } from "../../benchmarks/mme.ts";
import { readLines } from "../../python/text.ts";
import { findIn, ONE_WORD, WORDS, type QuestionSet } from "../question-set.ts";

const RELEASE = "MME_Benchmark_release_version";

/**
 * `Your_Results/<task>.txt` of the evaluation tool, pictures in `MME_Benchmark_release_version/<task>/`, below `images/` or not.
 * @param limit of pictures, each with two questions
 */
export async function readMme(data: string, limit: number, protocol: string): Promise<QuestionSet> {
  const results = await findIn(data, ["Your_Results", join("eval_tool", "Your_Results")]);
  const tasks = await Promise.all(
    Object.values(MME_TASKS)
      .flat()
      .map(async (task) => {
        const path = join(results, `${task}.txt`);
        const lines = readLines(await readText(path)).slice(0, 2 * limit);
        return { task, rows: lines.map((line, i) => parseLine(line, `${path}, line ${i + 1}`)) };
      }),
  );
  const idOf = (task: string, line: number) => `${task}/${line}`;
  return {
    questions: await Promise.all(
      tasks.flatMap(({ task, rows }) =>
        rows.map(async ([picture, question], line) => {
          const places = [join(RELEASE, task), task].flatMap((folder) => [
            join(folder, picture),
            join(folder, "images", picture),
          ]);
          return {
            id: idOf(task, line + 1),
            content: [{ path: await findIn(data, places) }, `${question} ${ONE_WORD}`],
            maxTokens: WORDS,
          };
        }),
      ),
    ),
    async write(answers, folder) {
      for (const { task, rows } of tasks) {
        const lines = rows.map((row, line) => {
          const answer = answers.get(idOf(task, line + 1))!;
          // The tool's readme asks for one line without tabs.
          const response = protocol === "bagel" ? bagelMmeResponse(answer) : answer.replaceAll(/[\t\r\n]+/g, " ");
          return `${[...row, response].join("\t")}\n`;
        });
        await writeBytesAtomic(join(folder, "Your_Results", `${task}.txt`), lines.join(""));
      }
      return { answers: join(folder, "Your_Results") };
    },
  };
}

/** Picture, question, truth. */
function parseLine(line: string, place: string): [string, string, string] {
  const fields = line.trimEnd().split("\t");
  const [picture, question, truth] = fields;
  if (fields.length !== 3 || picture === undefined || question === undefined || truth === undefined)
    throw new InputError(
      `${place}: expected picture, question, Yes or No with tabs between, found ${fields.length} fields`,
    );
  return [picture, question, truth];
}
