import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeBytesAtomic } from "../../core/atomic-file.ts";
import { InputError } from "../../core/errors.ts";
import type { RgbImage } from "../../core/image.ts";
import { JsonLinesLog } from "../../core/json-lines.ts";
import { encodePng } from "../../data/png.ts";
import { renderScene } from "../../data/world/render.ts";
import type { SpriteBank } from "../../data/world/sprite-bank.ts";
import type { GenerateOptions, Mogao, Part } from "../../generate/types.ts";
import { hasColour, isRight, type Answer } from "./grade.ts";
import { isDrawn, type EvaluationItem, type Expectation, type Suite } from "./item.ts";
import type { Detection, TemplateJudge } from "./template-judge.ts";

/** Whether the model's answer is right, and what the judge says of pictures that are: null where nothing is judged. */
export interface Verdicts {
  readonly right: boolean;
  /** Of a right picture. */
  readonly truth: boolean | null;
  /** Of the same picture after the model's autoencoder; null also without one. */
  readonly reconstruction: boolean | null;
}

/** What is known of an item once it has been run; one line of items.jsonl. */
export interface ItemResult extends Verdicts {
  readonly id: string;
  readonly suite: Suite;
  readonly group: string;
  /** The prompt in words, pictures as "@" and what they show. */
  readonly prompt: string;
  readonly seed: number;
  /** Of the colour alone, whatever has it; null where none is asked for. */
  readonly colour: Verdicts | null;
  readonly text: string;
  readonly drew: boolean;
  /** Of the picture's file within the folder of results; null where none was drawn to the end. */
  readonly picture: string | null;
  /** What the judge sees in the picture. */
  readonly detections: readonly Detection[] | null;
  /** What the model took. */
  readonly seconds: number;
}

export interface Evaluation {
  readonly model: Mogao;
  readonly judge: TemplateJudge;
  readonly bank: SpriteBank;
  readonly items: readonly EvaluationItem[];
  /** Folder of the results: items.jsonl and pictures/. */
  readonly folder: string;
  /** For all items; each has its own seed. */
  readonly generate: Omit<GenerateOptions, "seed" | "signal">;
  /** A picture through the model's autoencoder; absent where there is none. */
  readonly reconstruct?: (image: RgbImage) => Promise<RgbImage>;
  readonly signal?: AbortSignal;
  /** Called before each item with the results so far, in the order of the items; `reused` of them are of an earlier run. */
  readonly onProgress?: (results: readonly ItemResult[], reused: number) => void;
}

/**
 * Runs the items that the folder has no result for, one at a time, and returns the results of all in their order. Each is
 * on the disk before the next one begins. Throws InputError where the folder holds results of other items.
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
  for (const item of items) {
    signal?.throwIfAborted();
    evaluation.onProgress?.(results, reused);
    let result = known.get(item.id);
    if (!result) {
      result = await runItem(item, evaluation);
      await log.append(result);
    }
    results.push(result);
  }
  return results;
}

async function runItem(item: EvaluationItem, evaluation: Evaluation): Promise<ItemResult> {
  const { judge, bank, folder, reconstruct } = evaluation;
  const started = performance.now();
  const { text, drew, image } = await answerOf(item, evaluation);
  const seconds = (performance.now() - started) / 1000;
  const detections = image ? judge.detect(image) : null;
  const picture = image ? join("pictures", `${item.id}.png`) : null;
  if (image && picture) {
    const path = join(folder, picture);
    await mkdir(dirname(path), { recursive: true });
    await writeBytesAtomic(path, await encodePng(image));
  }
  const truth = item.truth ? renderScene(item.truth, bank) : null;
  const ofTruth = truth && judge.detect(truth);
  const ofReconstruction = truth && reconstruct ? judge.detect(await reconstruct(truth)) : null;
  const { expected } = item;
  const found = (colour: string, seen: readonly Detection[] | null) => seen && hasColour(colour, seen);
  return {
    id: item.id,
    suite: item.suite,
    group: item.group,
    prompt: promptInWords(item),
    seed: item.seed,
    right: isRight(expected, { text, drew, detections }),
    truth: ofTruth && showsIt(expected, ofTruth),
    reconstruction: ofReconstruction && showsIt(expected, ofReconstruction),
    colour:
      expected.type === "colour"
        ? {
            right: found(expected.colour, detections) ?? false,
            truth: found(expected.colour, ofTruth),
            reconstruction: found(expected.colour, ofReconstruction),
          }
        : null,
    text,
    drew,
    picture,
    detections,
    seconds: Math.round(seconds * 1000) / 1000,
  };
}

/** The model's first picture, if any. Stops as soon as what follows cannot matter. */
async function answerOf(
  item: EvaluationItem,
  { model, bank, generate, signal }: Evaluation,
): Promise<Pick<Answer, "text" | "drew"> & { readonly image: RgbImage | null }> {
  const prompt = item.prompt.map((piece): Part =>
    piece.type === "text" ? piece : { type: "image", image: renderScene(piece.scene, bank) },
  );
  const texts: string[] = [];
  let drew = false;
  for await (const event of model.generate(prompt, { ...generate, seed: item.seed, ...(signal && { signal }) })) {
    if (event.type === "text-end") texts.push(event.text);
    if (event.type === "image-end") return { text: texts.join("\n\n"), drew: true, image: event.image };
    if (event.type === "image-start") {
      drew = true;
      // That it draws is all that is asked.
      if (!isDrawn(item.expected)) break;
    }
  }
  return { text: texts.join("\n\n"), drew, image: null };
}

/** Whether what the judge sees is what is asked for; of a picture to be named: whether it is seen. */
function showsIt(expected: Expectation, detections: readonly Detection[]): boolean {
  const wanted = expected.type === "name" ? ({ ...expected, type: "object" } as const) : expected;
  return isRight(wanted, { text: "", drew: true, detections });
}

function promptInWords({ prompt }: EvaluationItem): string {
  const words = prompt.map((piece) =>
    piece.type === "text" ? piece.text : `@${piece.scene.objects.map(({ concept }) => concept).join("+")}`,
  );
  return words.join(" ");
}
