/**
 * What `mogao ablate` trains: the paper's development setting (Sec. 4.5) for Emoji World, small enough that Table 5 with three
 * seeds takes 18 minutes of one core. Pictures of 64 px (16 tokens), 16 things in one style, and the default model's ViT, frozen, in the
 * place of Qwen2-VL's. docs/ablations.md says why.
 *
 *   npx mogao ablate --out runs/table-5
 */
import { presets, vitPresets } from "../src/model/presets.ts";
import type { ParameterInfo } from "../src/nn/parameters.ts";
import { defineTraining } from "../src/train/config.ts";
import { worldTask, type WorldTaskSettings } from "../src/train/world-task.ts";

const styles = ["noto"];
const concepts = "apple,banana,bear,bed,bicycle,bus,car,cat,clock,heart,horse,key,star,train,tree,umbrella".split(",");

const settings: WorldTaskSettings = {
  // As the paper: no norms of queries and keys.
  model: { ...presets.nano, layers: 4, queryKeyNorm: undefined },
  vit: vitPresets.nano,
  folder: "models/emoji-world",
  vitFrom: "models/emoji-world/model.safetensors",
  vitMode: "frozen",
  imageSide: 64,
  objective: "text+flow",
  lambda: 0.25,
  timeShift: 1.5,
  copies: 1,
  targets: "all",
  drop: { all: 0.1, text: 0.05, vit: 0.05, vae: 0.05 },
  sources: [
    {
      name: "draw",
      weight: 4,
      samplesPerStep: 20,
      capacity: { text: 60, visual: 32 },
      closeLastImage: 0,
      world: { styles, concepts, families: { "draw-single": 50, "draw-scene": 50 } },
    },
    {
      name: "understand",
      weight: 3,
      samplesPerStep: 16,
      capacity: { text: 80, visual: 32 },
      closeLastImage: 1,
      world: { styles, concepts, families: { "caption-single": 20, "caption-scene": 15, question: 65 } },
    },
    {
      name: "converse",
      weight: 3,
      samplesPerStep: 8,
      capacity: { text: 150, visual: 130 },
      closeLastImage: 1,
      world: { styles, concepts, families: { edit: 65, sequence: 35 } },
    },
  ],
  preview: { prompts: [], columns: 8, steps: 24, shift: 2, guidance: 4 },
};

const inBlock = ({ name, shape }: ParameterInfo) => shape.length === 2 && /\.(text|visual|blocks)\./.test(name);

export default defineTraining({
  name: "emoji-ablation",
  about:
    "One run of an ablation, 3.3 M parameters active: 400 steps of 15 samples, about a minute and a half of one core.",
  task: settings,
  train: {
    steps: 400,
    schedule: { kind: "cosine", peak: 4e-3, warmup: 40, floor: 0.02 },
    optimizer: {
      adamw: { beta1: 0.9, beta2: 0.95, epsilon: 1e-12 },
      muon: { select: inBlock, iterations: 3, blockRows: 64 },
      rate: (parameter) => (inBlock(parameter) ? 1 : 0.3),
      emaDecay: 0.99,
    },
    checkpointMinutes: 4,
    keepCheckpoints: 1,
    reportMinutes: 30,
  },
  createTask: worldTask,
});
