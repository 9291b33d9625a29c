/** A config for `mogao ablate` whose runs take a second: a tiny model on 32 px pictures. */
import { fileURLToPath } from "node:url";
import { presets, vitPresets } from "../../src/model/presets.ts";
import { defineTraining } from "../../src/train/config.ts";
import { worldTask, type WorldTaskSettings } from "../../src/train/world-task.ts";

const hiddenSize = 32;

const settings: WorldTaskSettings = {
  model: { ...presets.nano, hiddenSize, layers: 2, heads: 2, kvHeads: 1, headSize: 16, ffnSize: 32, conditionSize: 16 },
  vit: { ...vitPresets.nano, size: 16, layers: 1, heads: 1, mlpSize: 16, outSize: hiddenSize },
  folder: fileURLToPath(new URL("../../models/emoji-world", import.meta.url)),
  vitFrom: "",
  vitMode: "train",
  imageSide: 32,
  objective: "text+flow",
  lambda: 0.25,
  timeShift: 1,
  copies: 1,
  targets: "all",
  drop: { all: 0.1, text: 0.1, vit: 0.05, vae: 0.05 },
  sources: [
    {
      name: "all",
      weight: 1,
      samplesPerStep: 2,
      capacity: { text: 80, visual: 40 },
      closeLastImage: 1,
      world: {
        styles: ["noto"],
        concepts: ["apple", "bus", "car", "cat", "key"],
        families: { "draw-single": 1, edit: 1 },
      },
    },
  ],
  preview: { prompts: [], columns: 1, steps: 2, shift: 1, guidance: 1 },
};

export default defineTraining({
  name: "tiny-ablation",
  about: "For tests.",
  task: settings,
  train: {
    steps: 20,
    schedule: { kind: "cosine", peak: 1e-2, warmup: 2 },
    optimizer: { emaDecay: 0.9 },
    keepCheckpoints: 1,
  },
  createTask: worldTask,
});
