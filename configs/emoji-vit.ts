/**
 * The ViT and the text branch of the default model, by captioning and answering questions (stage 0): the part that the
 * paper takes from Qwen2-VL and Qwen2.5.
 *
 *   npx mogao train configs/emoji-vit.ts
 */
import { presets, vitPresets } from "../src/model/presets.ts";
import { defineTraining } from "../src/train/config.ts";
import { worldTask, type WorldTaskSettings } from "../src/train/world-task.ts";

const settings: WorldTaskSettings = {
  model: presets.nano,
  vit: vitPresets.nano,
  folder: "models/emoji-world",
  vitFrom: "",
  vitMode: "train",
  imageSide: 96,
  objective: "text",
  lambda: 1,
  timeShift: 1,
  copies: 0,
  drop: { all: 0, text: 0, vit: 0, vae: 0 },
  sources: [
    {
      name: "understanding",
      weight: 1,
      samplesPerStep: 64,
      capacity: { text: 72, visual: 0 },
      closeLastImage: 1,
      world: { families: { "caption-single": 30, "caption-scene": 30, question: 35, chat: 5 } },
    },
  ],
  preview: { prompts: [], columns: 8, steps: 30, shift: 2, guidance: 4 },
};

export default defineTraining({
  name: "emoji-vit",
  about: "ViT and text branch by captions and questions; 1,500 steps of 64 samples, about 20 minutes on 2 cores.",
  task: settings,
  train: {
    steps: 1500,
    schedule: { kind: "wsd", peak: 2e-3, warmup: 50, decay: 500, floor: 0.02 },
    optimizer: {
      adamw: { beta1: 0.9, beta2: 0.95, epsilon: 1e-12 },
      muon: { select: ({ name, shape }) => shape.length === 2 && /\.(text|visual|blocks)\./.test(name) },
      emaDecay: 0.995,
    },
    checkpointMinutes: 4,
    reportMinutes: 5,
  },
  createTask: worldTask,
});
