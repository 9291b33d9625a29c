/**
 * After `mogao train configs/world-judge.ts`: writes the classifier of a run into a folder and prints how it does on fresh crops.
 *
 *   node examples/export-world-judge.ts runs/world-judge models/world-judge
 */
import worldJudge from "../configs/world-judge.ts";
import { Philox } from "../src/core/random.ts";
import { SpriteBank } from "../src/data/world/sprite-bank.ts";
import { saveClassifier } from "../src/eval/world/crops/classifier-files.ts";
import { randomCrops } from "../src/eval/world/crops/crop-batches.ts";
import { CropClassifier } from "../src/eval/world/crops/crop-classifier.ts";
import { TrainedJudge } from "../src/eval/world/crops/trained-judge.ts";
import { initializeParameters } from "../src/nn/parameters.ts";
import { openRuntime } from "../src/runtime/open-runtime.ts";
import { initializeFrom } from "../src/train/init-from.ts";
import { loadVaeCodec } from "../src/weights/vae-files.ts";

const [run = "runs/world-judge", folder = "models/world-judge"] = process.argv.slice(2);
const CROPS = 2000;
/** Training draws from seed 0. */
const SEED = 1;

const { classifier: config, folder: model } = worldJudge.task;
const { parameters } = new CropClassifier(config);
const weights = initializeParameters(parameters, 0);
const { path, fresh } = await initializeFrom(run, parameters, weights);
if (fresh.length > 0) throw new Error(`${path}: lacks ${fresh.length} parameters, such as ${fresh[0]}`);
await saveClassifier(folder, { config, weights });

const runtime = await openRuntime();
const vae = await loadVaeCodec(runtime, model);
const crops = await randomCrops(new Philox(SEED), CROPS, config.side, { bank: await SpriteBank.open(), vae });
const judge = await TrainedJudge.open(runtime, folder);
const seen = await judge.classify(crops.map(({ planes }) => planes));
const count = { things: 0, named: 0, misnamed: 0, impostors: 0, takenForThings: 0 };
crops.forEach(({ label }, i) => {
  const scores = seen[i]!.concept.subarray(0, config.concepts.length);
  const best = scores.indexOf(Math.max(...scores));
  const sure = scores[best]! >= judge.leastScore;
  if (!label) {
    count.impostors++;
    if (sure) count.takenForThings++;
    return;
  }
  count.things++;
  if (sure && config.concepts[best] === label.concept) count.named++;
  else if (sure) count.misnamed++;
});
const share = (part: number, of: number) => `${((100 * part) / of).toFixed(1)}%`;
console.log(
  `${folder}, from ${path}: of ${count.things} things ${share(count.named, count.things)} named, ${share(count.misnamed, count.things)} ` +
    `misnamed; of ${count.impostors} others ${share(count.takenForThings, count.impostors)} taken for things`,
);
judge.dispose();
vae.dispose();
