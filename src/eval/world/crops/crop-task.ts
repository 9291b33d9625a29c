/** Trains the judge's classifier on crops that are made on the fly. */
import { Philox } from "../../../core/random.ts";
import { SpriteBank } from "../../../data/world/sprite-bank.ts";
import { crossEntropy, weightedMean } from "../../../graph/functional.ts";
import { add, input, mul, reduceMean } from "../../../graph/primitives.ts";
import { countOperations } from "../../../graph/operations.ts";
import type { HostTensor, Runtime } from "../../../runtime/types.ts";
import type { TrainingBatch, TrainingTask } from "../../../train/task.ts";
import { loadVaeCodec } from "../../../weights/vae-files.ts";
import { randomCrops } from "./crop-batches.ts";
import { CROP_PLANES } from "./crop.ts";
import { CropClassifier, type CropClassifierConfig } from "./crop-classifier.ts";
import type { LabelledCrop } from "./labelled-crops.ts";

export interface CropTaskSettings {
  readonly classifier: CropClassifierConfig;
  readonly cropsPerStep: number;
  /** Of a model, whose autoencoder some pictures go through. */
  readonly folder: string;
}

/** What naming the style weighs beside naming the concept. */
const STYLE_WEIGHT = 0.2;

/** Loss: cross-entropy of the concept ("unknown" being one) + {@link STYLE_WEIGHT} · that of the style, of crops that have one. */
export async function cropTask(
  { classifier: config, cropsPerStep, folder }: CropTaskSettings,
  { runtime, seed }: { readonly runtime: Runtime; readonly seed: number },
): Promise<TrainingTask> {
  const classifier = new CropClassifier(config);
  const [bank, vae] = [await SpriteBank.open(), await loadVaeCodec(runtime, folder)];
  const logits = classifier.forward(input("crops", classifier.cropsShape(cropsPerStep)));
  const known = input("known", [cropsPerStep]);
  const concept = crossEntropy(logits.concept, input("concepts", [cropsPerStep], "int"));
  const style = weightedMean(crossEntropy(logits.style, input("styles", [cropsPerStep], "int")), known);
  const conceptLoss = reduceMean(concept);
  // Backward costs about twice the forward pass.
  const flops = 3 * countOperations([logits.concept], new Map());

  return {
    name: "world-judge",
    parameters: classifier.parameters,
    loss: add(conceptLoss, mul(STYLE_WEIGHT, style)),
    metrics: { concept: conceptLoss, named: weightedMean(concept, known), style },
    batch: async (step): Promise<TrainingBatch> => {
      const crops = await randomCrops(new Philox(seed, step), cropsPerStep, config.side, { bank, vae });
      return { feeds: feedsOf(crops, config), samples: cropsPerStep, flops };
    },
    close: async () => vae.dispose(),
  };
}

function feedsOf(
  crops: readonly LabelledCrop[],
  { side, concepts, styles }: CropClassifierConfig,
): Record<string, HostTensor> {
  const floats = (shape: readonly number[], data: Float32Array): HostTensor => ({ type: "float32", shape, data });
  const indices = (list: readonly number[]): HostTensor => ({
    type: "int64",
    shape: [list.length],
    data: BigInt64Array.from(list, BigInt),
  });
  const size = CROP_PLANES * side * side;
  const planes = new Float32Array(size * crops.length);
  crops.forEach((crop, i) => planes.set(crop.planes, i * size));
  const n = crops.length;
  return {
    crops: floats([n, CROP_PLANES, side, side], planes),
    concepts: indices(crops.map(({ label }) => (label ? concepts.indexOf(label.concept) : concepts.length))),
    // Of what has no style the loss is not counted.
    styles: indices(crops.map(({ label }) => (label ? styles.indexOf(label.style) : 0))),
    known: floats(
      [n],
      Float32Array.from(crops, ({ label }) => Number(label !== null)),
    ),
  };
}
