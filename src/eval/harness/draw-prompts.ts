import { join } from "node:path";
import { z } from "zod";
import { writeBytesAtomic } from "../../core/atomic-file.ts";
import { InputError } from "../../core/errors.ts";
import type { RgbImage } from "../../core/image.ts";
import { JsonLinesLog } from "../../core/json-lines.ts";
import { TOGETHER } from "../../generate/options.ts";
import type { Generation } from "../../generate/types.ts";
import { checked } from "../benchmarks/input-files.ts";
import type { DrawingSet } from "./drawing-set.ts";
import { sha256Of, type Judge } from "./judge.ts";
import { toLines } from "./question-set.ts";
import type { HarnessRun } from "./run.ts";

const record = z.object({ id: z.string(), text: z.string(), seed: z.int(), files: z.array(z.string()) });
/** The pictures of one prompt, relative to the folder of results. */
export type Drawn = z.infer<typeof record>;

/**
 * Draws what the folder has no pictures of, as many pictures together as make it fast; all of a prompt are on the disk before
 * more are drawn. Picture `i` of prompt `n` has the seed n · samples + i. Throws InputError where the folder holds pictures of
 * other prompts.
 * @returns one for each prompt; without files where the model did not draw
 */
export async function drawPrompts(set: DrawingSet, run: HarnessRun): Promise<Drawn[]> {
  const path = join(run.out, "pictures.jsonl");
  const { log, values } = await JsonLinesLog.open(path);
  const known = new Map(values.map((value) => checked(value, record, path)).map((each) => [each.id, each]));
  for (const { id, text } of set.prompts)
    if (known.has(id) && known.get(id)!.text !== text)
      throw new InputError(`${path}: "${id}" was another prompt; choose another folder with --out`);
  const missing = set.prompts.map((prompt, n) => ({ prompt, n })).filter(({ prompt }) => !known.has(prompt.id));
  const reused = set.prompts.length - missing.length;
  const together = Math.max(1, Math.floor(TOGETHER / set.samples));
  for (let from = 0; from < missing.length; from += together) {
    run.signal?.throwIfAborted();
    run.onProgress?.({ stage: "drawing", done: reused + from, items: set.prompts.length });
    const some = missing.slice(from, from + together);
    const seeds = some.flatMap(({ n }) => Array.from({ length: set.samples }, (_, i) => n * set.samples + i));
    const texts = some.flatMap(({ prompt }) => Array.from({ length: set.samples }, () => prompt.text));
    const drawn = await firstPictures(texts, seeds, run);
    for (const [place, { prompt, n }] of some.entries()) {
      const start = place * set.samples;
      const images = drawn.slice(start, start + set.samples).flatMap((image) => image ?? []);
      const files = images.length === set.samples ? await set.save(prompt, images, run.out) : [];
      const pictures = { id: prompt.id, text: prompt.text, seed: n * set.samples, files };
      await log.append(pictures);
      known.set(prompt.id, pictures);
    }
  }
  return set.prompts.map(({ id }) => known.get(id)!);
}

/** The model's first picture for each text, if any. */
async function firstPictures(
  texts: readonly string[],
  seeds: readonly number[],
  { generate, signal, model }: HarnessRun,
): Promise<(RgbImage | null)[]> {
  const options = { ...generate, output: "image", maxImages: 1, ...(signal && { signal }) } as const;
  const prompts = texts.map((text) => [text]);
  const generations = (await model()).batch(prompts, { ...options, seeds, together: texts.length });
  const first = async (generation: Generation) => {
    for await (const event of generation) if (event.type === "image-end") return event.image;
    return null;
  };
  return Promise.all(generations.map(first));
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
