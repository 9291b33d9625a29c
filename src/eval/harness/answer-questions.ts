import { join } from "node:path";
import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { JsonLinesLog } from "../../core/json-lines.ts";
import { decodeImage, readImage } from "../../encoders/image-file.ts";
import type { GenerateOptions, Mogao, Part } from "../../generate/types.ts";
import { checked } from "../benchmarks/input-files.ts";
import type { Question } from "./question-set.ts";
import type { HarnessRun } from "./run.ts";

const record = z.object({ id: z.string(), asked: z.string(), answer: z.string() });

/**
 * Asks what the folder has no answer to, one question at a time, as the library generates one answer at a time. Each answer is
 * on the disk before the next question. Throws InputError where the folder holds answers to other questions.
 * @returns answers by question
 */
export async function answerQuestions(
  questions: readonly Question[],
  { out, model, signal, onProgress }: HarnessRun,
): Promise<ReadonlyMap<string, string>> {
  const path = join(out, "answers.jsonl");
  const { log, values } = await JsonLinesLog.open(path);
  const known = new Map(values.map((value) => checked(value, record, path)).map((each) => [each.id, each]));
  const answers = new Map<string, string>();
  for (const [done, question] of questions.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ stage: "answering", done, items: questions.length });
    const asked = inWords(question);
    const earlier = known.get(question.id);
    if (earlier && earlier.asked !== asked)
      throw new InputError(`${path}: "${question.id}" was another question; choose another folder with --out`);
    const answer = earlier?.answer ?? (await ask(await model(), question, signal));
    if (!earlier) await log.append({ id: question.id, asked, answer });
    answers.set(question.id, answer);
  }
  return answers;
}

/** The likeliest tokens, in words alone. */
async function ask(model: Mogao, { content, maxTokens }: Question, signal: AbortSignal | undefined): Promise<string> {
  const prompt = await Promise.all(
    content.map(async (piece): Promise<Part> => {
      if (typeof piece === "string") return { type: "text", text: piece };
      if ("path" in piece) return { type: "image", image: await readImage(piece.path) };
      return { type: "image", image: await decodeImage(await piece.read(), piece.place) };
    }),
  );
  const options: GenerateOptions = { output: "text", temperature: 0, maxTokens, ...(signal && { signal }) };
  const texts: string[] = [];
  for await (const event of model.generate(prompt, options)) if (event.type === "text-end") texts.push(event.text);
  return texts.join("\n\n");
}

/** Pictures as "@". */
function inWords({ content }: Question): string {
  return content.map((piece) => (typeof piece === "string" ? piece : "@")).join(" ");
}
