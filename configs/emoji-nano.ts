/**
 * The default model: drawing and understanding in Emoji World (stage 1 of the paper, Sec. 4.1). The ViT learns along, by
 * captions and questions.
 *
 *   npx mogao train configs/emoji-nano.ts --init-from runs/emoji-vit
 */
import { presets, vitPresets } from "../src/model/presets.ts";
import { defineTraining } from "../src/train/config.ts";
import { worldTask, type WorldTaskSettings } from "../src/train/world-task.ts";

const styles = ["noto"];

const settings: WorldTaskSettings = {
  model: presets.nano,
  vit: vitPresets.nano,
  folder: "models/emoji-world",
  vitFrom: "",
  vitMode: "train",
  imageSide: 96,
  objective: "text+flow",
  lambda: 0.25,
  timeShift: 1,
  copies: 2,
  drop: { all: 0.1, text: 0, vit: 0, vae: 0 },
  closeLastImage: 0.1,
  sources: [
    {
      name: "draw",
      weight: 5,
      samplesPerStep: 64,
      capacity: { text: 72, visual: 144 },
      world: { styles, families: { "draw-single": 70, "draw-scene": 30 } },
    },
    {
      name: "understand",
      weight: 1,
      samplesPerStep: 64,
      capacity: { text: 72, visual: 0 },
      world: { styles, families: { "caption-single": 30, "caption-scene": 25, question: 35, chat: 10 } },
    },
  ],
  preview: {
    prompts: [
      "Draw a red apple.",
      "Draw a cat.",
      "a blue car",
      "Draw a green star on a black background.",
      "Draw a house.",
      "a purple umbrella",
      "Draw a tree.",
      "Draw a fish.",
      "Draw a yellow key.",
      "Draw a bus.",
      "Draw three apples.",
      "Draw a dog to the left of a tree.",
      "Draw a pizza.",
      "Draw an elephant.",
      "a bicycle",
      "Draw a pink heart.",
    ],
    columns: 8,
    steps: 24,
    shift: 2,
    guidance: 4,
  },
};

export default defineTraining({
  name: "emoji-nano",
  about: "The default model, 13 M parameters: drawing and understanding; hours on 2 cores.",
  task: settings,
  train: {
    steps: 20_000,
    schedule: { kind: "wsd", peak: 2e-3, warmup: 100, decay: 1000, floor: 0.02 },
    optimizer: {
      adamw: { beta1: 0.9, beta2: 0.95, epsilon: 1e-12 },
      muon: { select: ({ name, shape }) => shape.length === 2 && /\.(text|visual|blocks)\./.test(name) },
      emaDecay: 0.998,
    },
    checkpointMinutes: 4,
    reportMinutes: 4,
  },
  createTask: worldTask,
});
