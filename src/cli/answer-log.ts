/** What `generate --prompts` has done: one line a prompt in answers.jsonl, so that the same command goes on where it stopped. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { InputError } from "../core/errors.ts";
import { JsonLinesLog } from "../core/json-lines.ts";
import { schemaProblems } from "../core/schema-problems.ts";
import type { ListedPrompt } from "./prompts-file.ts";

const image = z.object({ type: z.literal("image"), path: z.string(), width: z.int(), height: z.int(), seed: z.int() });
const text = z.object({ type: z.literal("text"), text: z.string(), thought: z.literal(true).exactOptional() });
const count = z.int().min(0);
const answerSchema = z.object({
  number: z.int().positive(),
  prompt: z.array(z.string()),
  seed: count,
  /** Whatever else decides what the answer is. */
  options: z.record(z.string(), z.unknown()),
  /** Paths are within the folder. */
  parts: z.array(z.union([text, image])),
  finish: z.enum(["stop", "length"]),
  usage: z.object({
    promptTokens: count,
    promptImages: count,
    completionTokens: count,
    completionImages: count,
    denoiseSteps: count,
  }),
});
export type LoggedAnswer = z.output<typeof answerSchema>;

export class AnswerLog {
  readonly #path: string;
  readonly #folder: string;
  readonly #log: JsonLinesLog;
  readonly #answers: ReadonlyMap<number, LoggedAnswer>;

  private constructor(folder: string, path: string, log: JsonLinesLog, answers: readonly LoggedAnswer[]) {
    this.#folder = folder;
    this.#path = path;
    this.#log = log;
    this.#answers = new Map(answers.map((answer) => [answer.number, answer]));
  }

  static async open(folder: string): Promise<AnswerLog> {
    const path = join(folder, "answers.jsonl");
    const { log, values } = await JsonLinesLog.open(path);
    const answers = values.map((value, i) => {
      const parsed = answerSchema.safeParse(value);
      if (!parsed.success) throw new InputError(`${path}, line ${i + 1}: ${schemaProblems(parsed.error)}`);
      return parsed.data;
    });
    return new AnswerLog(folder, path, log, answers);
  }

  /** The seed of the first prompt, as far as the answers tell. */
  get firstSeed(): number | undefined {
    const [first] = this.#answers.values();
    return first && (first.seed - (first.number - 1)) >>> 0;
  }

  /**
   * The answer to a prompt whose pictures are all there. Throws InputError where there is an answer to another prompt, or one with
   * another seed or other options.
   */
  async find(prompt: ListedPrompt, seed: number, options: Readonly<Record<string, unknown>>) {
    const answer = this.#answers.get(prompt.number);
    if (!answer) return undefined;
    const differs = (what: string, found: unknown, wanted: unknown) => {
      if (!isDeepStrictEqual(found, wanted))
        throw new InputError(
          `${this.#path}: prompt ${prompt.number} was answered with another ${what}: expected ${JSON.stringify(wanted)}, ` +
            `found ${JSON.stringify(found)}; choose another folder with --out`,
        );
    };
    differs("prompt", answer.prompt, prompt.parts);
    differs("seed", answer.seed, seed);
    differs("set of options", answer.options, options);
    for (const part of answer.parts) if (part.type === "image" && !(await this.#has(part.path))) return undefined;
    return answer;
  }

  add(answer: LoggedAnswer): Promise<void> {
    return this.#log.append(answer);
  }

  async #has(path: string): Promise<boolean> {
    return stat(join(this.#folder, path)).then(
      (entry) => entry.isFile(),
      () => false,
    );
  }
}
