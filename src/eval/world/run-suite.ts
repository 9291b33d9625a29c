import { join } from "node:path";
import { writeBytesAtomic } from "../../core/atomic-file.ts";
import { InputError } from "../../core/errors.ts";
import type { RgbImage } from "../../core/image.ts";
import { JsonLinesLog } from "../../core/json-lines.ts";
import { encodePng } from "../../data/png.ts";
import { renderScene } from "../../data/world/render.ts";
import type { SpriteBank } from "../../data/world/sprite-bank.ts";
import { TOGETHER } from "../../generate/options.ts";
import type { GenerateOptions, Generation, Mogao, Part } from "../../generate/types.ts";
import { grade, gradeTruth, type Answer } from "./grade.ts";
import type { WorldJudge } from "./judge.ts";
import { mustStop, picturesWanted, type EvaluationItem, type Suite } from "./item.ts";
import { viewsOf, type View } from "./view.ts";

/** Whether the model's answer is right, and what the judge says of pictures that are: null where nothing is judged. */
export interface Verdicts {
  readonly right: boolean;
  /** Of right pictures. */
  readonly truth: boolean | null;
  /** Of the same pictures after the model's autoencoder; null also without one. */
  readonly reconstruction: boolean | null;
}

/** A picture of the model and what the judge sees in it. */
export interface DrawnPicture extends View {
  /** Within the folder of results. */
  readonly file: string;
}

/** What is known of an item once it has been run; one line of items.jsonl. */
export interface ItemResult extends Verdicts {
  readonly id: string;
  readonly suite: Suite;
  readonly group: string;
  readonly pair: string | null;
  /** The prompt in words, pictures as "@" and what they show. */
  readonly prompt: string;
  /** Files of the pictures that the prompt shows, within the folder of results. */
  readonly shown: readonly string[];
  readonly seed: number;
  /** The right answer to a question, else null. */
  readonly answer: string | null;
  /** Parts of what is asked, by their names. */
  readonly aspects: Readonly<Record<string, Verdicts>>;
  readonly text: string;
  readonly drew: boolean;
  /** Pictures that were drawn to the end. */
  readonly pictures: readonly DrawnPicture[];
  /** What the model took. */
  readonly seconds: number;
}

export interface Evaluation {
  readonly model: Mogao;
  readonly judge: WorldJudge;
  readonly bank: SpriteBank;
  readonly items: readonly EvaluationItem[];
  /** Folder of the results: items.jsonl and pictures/. */
  readonly folder: string;
  /** For all items; each has its own seed. */
  readonly generate: Omit<GenerateOptions, "seed" | "signal" | "maxImages">;
  /** A picture through the model's autoencoder; absent where there is none. */
  readonly reconstruct?: (image: RgbImage) => Promise<RgbImage>;
  readonly signal?: AbortSignal;
  /** Called before each item with the results so far, in the order of the items; `reused` of them are of an earlier run. */
  readonly onProgress?: (results: readonly ItemResult[], reused: number) => void;
}

/**
 * Runs the items that the folder has no result for, and returns the results of all in their order. Neighbours draw together; what
 * is answered is judged and on the disk before more is asked. Throws InputError where the folder holds results of other items.
 */
export async function runItems(evaluation: Evaluation): Promise<ItemResult[]> {
  const { items, folder, signal } = evaluation;
  const path = join(folder, "items.jsonl");
  const { log, values } = await JsonLinesLog.open(path);
  const known = new Map((values as readonly ItemResult[]).map((result) => [result.id, result]));
  for (const item of items) {
    const result = known.get(item.id);
    if (result && (result.prompt !== promptInWords(item) || result.seed !== item.seed))
      throw new InputError(
        `${path}: "${item.id}" is another item than today's (${JSON.stringify(result.prompt)}, not ${JSON.stringify(promptInWords(item))}); choose another folder`,
      );
  }
  const reused = items.filter(({ id }) => known.has(id)).length;
  const results: ItemResult[] = [];
  const answers = new Map<string, TimedAnswer>();
  for (const [index, item] of items.entries()) {
    evaluation.onProgress?.(results, reused);
    signal?.throwIfAborted();
    let result = known.get(item.id);
    if (!result) {
      if (!answers.has(item.id)) {
        const together = neighbours(items.slice(index).filter(({ id }) => !known.has(id)));
        for (const [i, answer] of (await answersOf(together, evaluation)).entries())
          answers.set(together[i]!.id, answer);
      }
      result = await graded(item, answers.get(item.id)!, evaluation);
      answers.delete(item.id);
      await log.append(result);
    }
    results.push(result);
  }
  return results;
}

interface TimedAnswer extends Omit<Answer, "views"> {
  readonly images: readonly RgbImage[];
  /** Its share of the time of those that were answered together. */
  readonly seconds: number;
}

/** The first item, and those after it that want as many pictures; of words alone nothing is gained by waiting for each other. */
function neighbours(items: readonly EvaluationItem[]): readonly EvaluationItem[] {
  const most = mostPictures(items[0]!.expected);
  if (picturesWanted(items[0]!.expected) === 0) return items.slice(0, 1);
  const end = items.findIndex(({ expected }) => picturesWanted(expected) === 0 || mostPictures(expected) !== most);
  return items.slice(0, Math.min(TOGETHER, end < 0 ? items.length : end));
}

/** One picture more than wanted may begin, so that it is seen whether the model stops. */
function mostPictures(expected: EvaluationItem["expected"]): number {
  return mustStop(expected) ? picturesWanted(expected) + 1 : 1;
}

async function graded(
  item: EvaluationItem,
  { text, drew, stopped, images, seconds }: TimedAnswer,
  evaluation: Evaluation,
): Promise<ItemResult> {
  const { judge, bank, folder, reconstruct } = evaluation;
  const { expected } = item;
  const shownPictures = item.prompt.flatMap((piece) =>
    piece.type === "scene" ? [renderScene(piece.scene, bank)] : [],
  );
  const files = await savePictures(folder, item.id, images);
  const views = await viewsOf(judge, images);
  const truths = item.truth.map((scene) => renderScene(scene, bank));
  const reconstructions: RgbImage[] = [];
  if (reconstruct) for (const truth of truths) reconstructions.push(await reconstruct(truth));
  const own = grade(expected, { text, drew, stopped, views });
  const judged = async (pictures: readonly RgbImage[]) =>
    pictures.length === 0 ? null : gradeTruth(expected, await viewsOf(judge, pictures));
  const [ofTruth, ofReconstruction] = [await judged(truths), await judged(reconstructions)];
  return {
    id: item.id,
    suite: item.suite,
    group: item.group,
    pair: item.pair,
    prompt: promptInWords(item),
    shown: await savePictures(folder, `${item.id}-shown`, shownPictures),
    seed: item.seed,
    answer: expected.type === "answer" ? expected.answer : null,
    right: own.right,
    truth: ofTruth && ofTruth.right,
    reconstruction: ofReconstruction && ofReconstruction.right,
    aspects: Object.fromEntries(
      Object.entries(own.aspects).map(([name, right]): [string, Verdicts] => [
        name,
        {
          right,
          truth: ofTruth && ofTruth.aspects[name]!,
          reconstruction: ofReconstruction && ofReconstruction.aspects[name]!,
        },
      ]),
    ),
    text,
    drew,
    pictures: views.map((view, i) => ({ file: files[i]!, ...view })),
    seconds: Math.round(seconds * 1000) / 1000,
  };
}

/** Their files within the folder: `pictures/<name>.png`, from the second one on with a number. */
async function savePictures(folder: string, name: string, images: readonly RgbImage[]): Promise<string[]> {
  const files = images.map((_, i) => join("pictures", `${name}${i === 0 ? "" : `-${i + 1}`}.png`));
  for (const [i, image] of images.entries()) await writeBytesAtomic(join(folder, files[i]!), await encodePng(image));
  return files;
}

/** The model's answers to items that want equally many pictures. */
async function answersOf(
  items: readonly EvaluationItem[],
  { model, bank, generate, signal }: Evaluation,
): Promise<TimedAnswer[]> {
  const started = performance.now();
  const prompts = items.map(({ prompt }) =>
    prompt.map((piece): Part =>
      piece.type === "text" ? piece : { type: "image", image: renderScene(piece.scene, bank) },
    ),
  );
  const generations = model.batch(prompts, {
    ...generate,
    maxImages: mostPictures(items[0]!.expected),
    seeds: items.map(({ seed }) => seed),
    ...(signal && { signal }),
  });
  const answers = await Promise.all(items.map(({ expected }, i) => followed(generations[i]!, expected)));
  const seconds = (performance.now() - started) / 1000 / items.length;
  return answers.map((answer) => ({ ...answer, seconds }));
}

/** The model's pictures up to the number that matters, if any. Stops as soon as what follows cannot matter. */
async function followed(
  generation: Generation,
  expected: EvaluationItem["expected"],
): Promise<Omit<TimedAnswer, "seconds">> {
  const wanted = picturesWanted(expected);
  const goesOn = mustStop(expected);
  const texts: string[] = [];
  const images: RgbImage[] = [];
  let drew = false;
  for await (const event of generation) {
    if (event.type === "text-end") texts.push(event.text);
    if (event.type === "finish") return { text: texts.join("\n\n"), drew, stopped: event.reason === "stop", images };
    if (event.type === "image-end") images.push(event.image);
    if (event.type === "image-start") drew = true;
    const enough = images.length === wanted && (event.type === "image-start" || (drew && !goesOn));
    if (enough) break;
  }
  return { text: texts.join("\n\n"), drew, stopped: false, images };
}

function promptInWords({ prompt }: EvaluationItem): string {
  const words = prompt.map((piece) =>
    piece.type === "text" ? piece.text : `@${piece.scene.objects.map(({ concept }) => concept).join("+")}`,
  );
  return words.join(" ");
}
