/** `mogao generate --prompts FILE`: many prompts, whose pictures are drawn together. */
import { join, relative } from "node:path";
import { writeBytesAtomic } from "../core/atomic-file.ts";
import { InputError, isMogaoError } from "../core/errors.ts";
import { randomSeed, TOGETHER } from "../generate/options.ts";
import type { Mogao } from "../generate/types.ts";
import { AnswerLog, type LoggedAnswer } from "./answer-log.ts";
import { interruptible, type CliContext } from "./context.ts";
import { follow, type SavedPart, type View } from "./follow.ts";
import { generateOptions, loadOptions, type GenerationArguments } from "./generation-options.ts";
import { slug } from "./output-folder.ts";
import { Progress } from "./progress.ts";
import { promptParts } from "./prompt-parts.ts";
import { readPrompts, type ListedPrompt } from "./prompts-file.ts";
import { terminalView } from "./terminal-view.ts";

export interface BatchArguments extends GenerationArguments {
  readonly prompts: string;
  readonly together?: number;
  readonly json?: true;
}

interface Job extends ListedPrompt {
  readonly seed: number;
}

/**
 * Answers the prompts of the file that the folder has no answer to, a batch at a time. Each answer is on the disk before it is shown;
 * they are shown in the order of the file.
 */
export async function generateBatch(values: BatchArguments, context: CliContext): Promise<void> {
  const { json, out: folder } = values;
  const prompts = await readPrompts(values.prompts);
  const log = await AnswerLog.open(folder);
  const options = decisiveOptions(values);
  const first = values.seed ?? log.firstSeed ?? randomSeed();
  const answers = new Map<number, LoggedAnswer>();
  const jobs: Job[] = [];
  for (const prompt of prompts) {
    const seed = prompt.seed ?? (first + prompt.number - 1) >>> 0;
    const answer = await log.find(prompt, seed, options);
    if (answer) answers.set(prompt.number, answer);
    else jobs.push({ ...prompt, seed });
  }
  if (answers.size > 0 && !json)
    context.stderr.write(`${answers.size} of ${prompts.length} prompts were answered before\n`);
  if (jobs.length > 0)
    await answerAll(jobs, values, context, async (job, answer, shown) => {
      const entry = { number: job.number, prompt: [...job.parts], options, ...answer };
      await log.add(entry);
      answers.set(job.number, entry);
      if (json) return;
      context.stderr.write(`${job.number}: ${job.parts.join(" ")} (seed ${job.seed})\n`);
      await shown(terminalView(context));
    });
  if (!json) return;
  const result = prompts.map(({ number }) => {
    const { options: _, ...answer } = answers.get(number)!;
    return { ...answer, parts: answer.parts.map((part) => withPath(part, (path) => join(folder, path))) };
  });
  context.stdout.write(`${JSON.stringify({ prompts: result })}\n`);
}

/** What beside prompt and seed decides what an answer is, as JSON. */
function decisiveOptions(values: BatchArguments): LoggedAnswer["options"] {
  const { nextPart: _, seed: __, ...asked } = generateOptions(values);
  const { drawAfter, model } = values;
  return JSON.parse(JSON.stringify({ ...asked, drawAfter, model })) as LoggedAnswer["options"];
}

type Answer = Pick<LoggedAnswer, "seed" | "parts" | "finish" | "usage">;
/** Called for each answer in order, with what shows it on a terminal. */
type OnAnswer = (job: Job, answer: Answer, shown: (view: View) => Promise<void>) => Promise<void>;

async function answerAll(
  jobs: readonly Job[],
  values: BatchArguments,
  context: CliContext,
  onAnswer: OnAnswer,
): Promise<void> {
  const { together = TOGETHER } = values;
  const progress = new Progress(context.stderr, { quiet: values.json === true });
  await interruptible(context, async (signal) => {
    progress.update("loading the model");
    const model = await context.load(loadOptions(values)).finally(() => progress.clear());
    try {
      for (let from = 0; from < jobs.length; from += together) {
        signal.throwIfAborted();
        const batch = jobs.slice(from, from + together);
        const told = (text: string) =>
          progress.update(`${from + 1} to ${from + batch.length} of ${jobs.length}: ${text}`);
        await answerBatch(model, batch, values, { update: told, clear: () => progress.clear() }, signal, onAnswer);
      }
    } finally {
      model.dispose();
    }
  });
}

/** Where one of the batch fails, the others are answered all the same; then it throws, naming the prompt. */
async function answerBatch(
  model: Mogao,
  batch: readonly Job[],
  values: BatchArguments,
  progress: Pick<Progress, "update" | "clear">,
  signal: AbortSignal,
  onAnswer: OnAnswer,
): Promise<void> {
  const { prompts: file, out: folder } = values;
  const named = async <T>({ number }: Job, work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw isMogaoError(error) ? new InputError(`${file}, prompt ${number}: ${error.message}`) : error;
    });
  const prompts = await Promise.all(batch.map((job) => named(job, promptParts(job.parts))));
  const generations = model.batch(prompts, {
    ...generateOptions(values),
    seeds: batch.map(({ seed }) => seed),
    together: batch.length,
    signal,
  });
  const results = await Promise.allSettled(
    batch.map(async (job, i) => {
      const view = new RecordedView();
      const name = slug(job.parts.filter((part) => !part.startsWith("@")).join(" "));
      const save = async (seed: number, png: Uint8Array) => {
        const path = join(folder, `${String(job.number).padStart(3, "0")}-${name}-${seed}.png`);
        await writeBytesAtomic(path, png);
        return path;
      };
      return { view, outcome: await named(job, follow(generations[i]!, { save, view, progress })) };
    }),
  );
  progress.clear();
  for (const [i, result] of results.entries()) {
    if (result.status === "rejected") continue;
    const { view, outcome } = result.value;
    const parts = outcome.parts.map((part) => withPath(part, (path) => relative(folder, path)));
    await onAnswer(batch[i]!, { ...outcome, parts }, (target) => view.replay(target));
  }
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

function withPath(part: SavedPart, change: (path: string) => string): SavedPart {
  return part.type === "image" ? { ...part, path: change(part.path) } : part;
}

/** Keeps what a view is shown, for another one to show later. */
class RecordedView implements View {
  readonly #calls: ((view: View) => void | Promise<void>)[] = [];

  text(delta: string): void {
    this.#calls.push((view) => view.text(delta));
  }

  endText(): void {
    this.#calls.push((view) => view.endText());
  }

  image(...image: Parameters<View["image"]>): Promise<void> {
    this.#calls.push((view) => view.image(...image));
    return Promise.resolve();
  }

  async replay(view: View): Promise<void> {
    for (const call of this.#calls) await call(view);
  }
}
