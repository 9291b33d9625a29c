/**
 * What `mogao ablate` trains: the paper's development setting (Sec. 4.5) for Emoji World. Half of the default model's size,
 * 42 concepts in one style, every step draws, talks and edits.
 *
 *   npx mogao ablate --out runs/ablation
 */
import { presets, vitPresets } from "../src/model/presets.ts";
import type { ParameterInfo } from "../src/nn/parameters.ts";
import { defineTraining } from "../src/train/config.ts";
import { worldTask, type WorldTaskSettings } from "../src/train/world-task.ts";

const hiddenSize = 192;

const settings: WorldTaskSettings = {
  model: { ...presets.nano, hiddenSize, layers: 6, heads: 3, kvHeads: 1, ffnSize: 384 },
  vit: { ...vitPresets.nano, layers: 3, outSize: hiddenSize },
  folder: "models/emoji-world",
  vitFrom: "",
  vitMode: "train",
  imageSide: 96,
  objective: "text+flow",
  lambda: 0.25,
  timeShift: 1.5,
  copies: 1,
  targets: "all",
  drop: { all: 0.1, text: 0.05, vit: 0.05, vae: 0.05 },
  sources: [
    {
      name: "all",
      weight: 1,
      samplesPerStep: 32,
      capacity: { text: 160, visual: 160 },
      closeLastImage: 1,
      world: {
        styles: ["noto"],
        concepts: "curated",
        families: { "draw-single": 30, "draw-scene": 10, "caption-single": 15, question: 25, edit: 15, sequence: 5 },
      },
    },
  ],
  preview: {
    prompts: ["Draw a red apple.", "Draw a cat.", "a blue car", "Draw a tree."],
    columns: 4,
    steps: 24,
    shift: 2,
    guidance: 4,
  },
};

const inBlock = ({ name, shape }: ParameterInfo) => shape.length === 2 && /\.(text|visual|blocks)\./.test(name);

export default defineTraining({
  name: "emoji-ablation",
  about: "One run of an ablation, 2.9 M parameters active: 2,000 steps of 32 samples, about an hour on 2 cores.",
  task: settings,
  train: {
    steps: 2000,
    schedule: { kind: "cosine", peak: 4e-3, warmup: 50, floor: 0.02 },
    optimizer: {
      adamw: { beta1: 0.9, beta2: 0.95, epsilon: 1e-12 },
      muon: { select: inBlock, iterations: 3, blockRows: 64 },
      rate: (parameter) => (inBlock(parameter) ? 1 : 0.3),
      emaDecay: 0.995,
    },
    checkpointMinutes: 4,
    keepCheckpoints: 1,
    reportMinutes: 30,
  },
  createTask: worldTask,
});
