import { join } from "node:path";
import { z } from "zod";
import { writeBytesAtomic } from "../../core/atomic-file.ts";
import { InputError } from "../../core/errors.ts";
import type { RgbImage } from "../../core/image.ts";
import { JsonLinesLog } from "../../core/json-lines.ts";
import type { Mogao } from "../../generate/types.ts";
import { checked } from "../benchmarks/input-files.ts";
import type { DrawingPrompt, DrawingSet } from "./drawing-set.ts";
import { sha256Of, type Judge } from "./judge.ts";
import { toLines } from "./question-set.ts";
import type { HarnessRun } from "./run.ts";

const record = z.object({ id: z.string(), text: z.string(), seed: z.int(), files: z.array(z.string()) });
/** The pictures of one prompt, relative to the folder of results. */
export type Drawn = z.infer<typeof record>;

/**
 * Draws what the folder has no pictures of, prompt by prompt. Picture `i` of prompt `n` has the seed n · samples + i. Throws
 * InputError where the folder holds pictures of other prompts.
 * @returns one for each prompt; without files where the model did not draw
 */
export async function drawPrompts(set: DrawingSet, run: HarnessRun): Promise<Drawn[]> {
  const path = join(run.out, "pictures.jsonl");
  const { log, values } = await JsonLinesLog.open(path);
  const known = new Map(values.map((value) => checked(value, record, path)).map((each) => [each.id, each]));
  const drawn: Drawn[] = [];
  for (const [n, prompt] of set.prompts.entries()) {
    run.signal?.throwIfAborted();
    run.onProgress?.({ stage: "drawing", done: n, items: set.prompts.length });
    let pictures = known.get(prompt.id);
    if (pictures && pictures.text !== prompt.text)
      throw new InputError(`${path}: "${prompt.id}" was another prompt; choose another folder with --out`);
    if (!pictures) {
      const seed = n * set.samples;
      const images: RgbImage[] = [];
      for (let i = 0; i < set.samples; i++) images.push(...(await drawOne(await run.model(), prompt, seed + i, run)));
      const files = images.length === set.samples ? await set.save(prompt, images, run.out) : [];
      pictures = { id: prompt.id, text: prompt.text, seed, files };
      await log.append(pictures);
    }
    drawn.push(pictures);
  }
  return drawn;
}

/** The model's first picture, if any. */
async function drawOne(
  model: Mogao,
  { text }: DrawingPrompt,
  seed: number,
  { generate, signal }: HarnessRun,
): Promise<RgbImage[]> {
  const options = { ...generate, output: "image", maxImages: 1, seed, ...(signal && { signal }) } as const;
  for await (const event of model.generate([text], options)) if (event.type === "image-end") return [event.image];
  return [];
}

const verdict = z.object({
  judge: z.string(),
  file: z.string(),
  sha256: z.string(),
  lines: z.array(z.looseObject({})),
});

/** Lines for the official scorer, and how many pictures no verdict was found for. */
export interface Judgments {
  readonly lines: readonly object[];
  readonly unjudged: number;
}

/**
 * Asks the judge about every picture, unless a costly one has said before what it sees there, and writes what it has no verdict on as `to-judge.jsonl`: lines that become a file of
 * precomputed verdicts once their nulls are replaced.
 */
export async function judgePictures(
  set: DrawingSet,
  drawn: readonly Drawn[],
  judge: Judge | undefined,
  { out, signal, onProgress }: HarnessRun,
): Promise<Judgments> {
  const path = join(out, "judgments.jsonl");
  const { log, values } = await JsonLinesLog.open(path);
  const keyOf = (by: string, file: string, sha256: string) => JSON.stringify([by, file, sha256]);
  const known = new Map(
    values
      .map((value) => checked(value, verdict, path))
      .map((each) => [keyOf(each.judge, each.file, each.sha256), each]),
  );
  const lines: object[] = [];
  const open: object[] = [];
  let unjudged = 0;
  for (const [done, { files, ...prompt }] of drawn.entries())
    for (const file of files) {
      signal?.throwIfAborted();
      onProgress?.({ stage: "judging", done, items: drawn.length });
      const picture = { path: join(out, file), file, sha256: await sha256Of(join(out, file)) };
      const kept = judge?.costly ? known.get(keyOf(judge.id, file, picture.sha256))?.lines : undefined;
      const found = kept ?? (judge ? await set.judge(prompt, picture, judge) : null);
      if (found && judge?.costly && !kept)
        await log.append({ judge: judge.id, file, sha256: picture.sha256, lines: found });
      if (found) lines.push(...found);
      else {
        unjudged++;
        open.push(...(await set.toJudge(prompt, picture)));
      }
    }
  await writeBytesAtomic(join(out, "to-judge.jsonl"), toLines(open));
  return { lines, unjudged };
}
