/**
 * The ViT of the default model, by what each of its tokens shows: the encoder that the paper takes from Qwen2-VL.
 * `--init-from` a model goes on with that model's ViT.
 *
 *   npx mogao train configs/emoji-vit.ts
 */
import { presets, vitPresets } from "../src/model/presets.ts";
import { defineTraining } from "../src/train/config.ts";
import { recognitionTask, type RecognitionSettings } from "../src/train/recognition-task.ts";

const settings: RecognitionSettings = {
  folder: "models/emoji-world",
  wordsFrom: "models/emoji-world/model.safetensors",
  vocabularySize: presets.nano.vocabularySize,
  vit: vitPresets.nano,
  imageSide: 96,
  picturesPerStep: 32,
  world: { families: { "caption-single": 30, "caption-scene": 70 } },
};

export default defineTraining({
  name: "emoji-vit",
  about:
    "The ViT alone, 1.45 M parameters, by labels of every token: 5,000 steps of 32 pictures, 20 minutes on 2 cores.",
  task: settings,
  train: {
    steps: 5000,
    schedule: { kind: "wsd", peak: 2.5e-3, warmup: 60, decay: 4000, floor: 0.01 },
    optimizer: {
      adamw: { beta1: 0.9, beta2: 0.95, epsilon: 1e-12 },
      muon: {
        select: ({ name, shape }) => shape.length === 2 && /\.(blocks)\./.test(name),
        iterations: 3,
        blockRows: 64,
      },
      rate: ({ name }) => (/\.blocks\..*weight$/.test(name) ? 1 : 0.5),
      emaDecay: 0.995,
    },
    checkpointMinutes: 3,
    reportMinutes: 2,
  },
  createTask: recognitionTask,
});
