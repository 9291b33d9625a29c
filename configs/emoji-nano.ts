/**
 * The default model: drawing and understanding in Emoji World (stage 1 of the paper, Sec. 4.1), with a ViT that can see already
 * (`configs/emoji-vit.ts`) and stays as it is.
 *
 *   npx mogao train configs/emoji-nano.ts                                                    # with the ViT of the default model
 *   npx mogao train configs/emoji-nano.ts --init-from models/emoji-world/model.safetensors   # goes on with the default model
 *   npx mogao train configs/emoji-nano.ts --set task.vitFrom=runs/emoji-vit                  # with a ViT of your own
 */
import { presets, vitPresets } from "../src/model/presets.ts";
import type { ParameterInfo } from "../src/nn/parameters.ts";
import { defineTraining } from "../src/train/config.ts";
import { worldTask, type WorldTaskSettings } from "../src/train/world-task.ts";

/** It draws one style, of the things that people ask for first, and sees all; later runs go on from it with the rest. */
const styles = ["noto"];
const concepts =
  "airplane,anchor,apple,backpack,balloon,banana,bear,bed,bell,bicycle,bird,book,bottle,bus,car,carrot,cat,clock,cow,crown,dog,doughnut,elephant,fish,fox,handbag,heart,horse,hot dog,house,key,laptop,leaf,lemon,moon,motorcycle,pear,phone,pig,rocket,scissors,slice of pizza,spoon,star,stop sign,strawberry,sun,tangerine,television,traffic light,train,tree,umbrella,vase".split(
    ",",
  );

/** Drawn things stand on the autoencoder's own grid: then each has few sets of latents to learn. Seen things stand anywhere. */
const grid = 8;

/** A step's samples of one shape: how many, and the tokens of a packed row that hold them. */
const drawing = { samplesPerStep: 40, capacity: { text: 66, visual: 72 }, closeLastImage: 0 };
const editing = { samplesPerStep: 24, capacity: { text: 170, visual: 144 }, closeLastImage: 0.3 };
const continuing = { samplesPerStep: 8, capacity: { text: 400, visual: 400 }, closeLastImage: 1 };

const settings: WorldTaskSettings = {
  model: presets.nano,
  vit: vitPresets.nano,
  folder: "models/emoji-world",
  vitFrom: "models/emoji-world/model.safetensors",
  vitMode: "frozen",
  imageSide: 96,
  objective: "text+flow",
  lambda: 0.25,
  timeShift: 1.5,
  copies: 1,
  drop: { all: 0.1, text: 0.05, vit: 0.05, vae: 0.05 },
  sources: [
    {
      name: "draw",
      weight: 4.5,
      ...drawing,
      world: { styles, concepts, grid, families: { "draw-single": 25, "draw-scene": 75 } },
    },
    {
      name: "draw-coloured",
      weight: 3,
      ...drawing,
      world: { styles, concepts, grid, families: { "draw-coloured-pair": 1 } },
    },
    {
      // What the one style keeps back from training (held-out cells), in its older sister's drawing.
      name: "draw-rest",
      weight: 0.2,
      ...drawing,
      world: {
        styles: ["noto-v1"],
        concepts: ["fish", "slice of pizza"],
        grid,
        families: { "draw-single": 1 },
      },
    },
    {
      // All 114 things, of the same style: mostly alone.
      name: "draw-more",
      weight: 2.5,
      ...drawing,
      world: { styles, grid, families: { "draw-single": 60, "draw-scene": 40 } },
    },
    {
      name: "name",
      weight: 0.7,
      samplesPerStep: 40,
      capacity: { text: 120, visual: 0 },
      closeLastImage: 1,
      world: { families: { "caption-single": 1 } },
    },
    {
      // A list of what is there says more than many a yes or no.
      name: "describe",
      weight: 2.5,
      samplesPerStep: 28,
      capacity: { text: 140, visual: 0 },
      closeLastImage: 1,
      world: { families: { "caption-scene": 1 } },
    },
    {
      name: "understand",
      weight: 3.5,
      samplesPerStep: 14,
      capacity: { text: 220, visual: 0 },
      closeLastImage: 1,
      world: { families: { quiz: 84, question: 12, chat: 4 } },
    },
    {
      // The same questions of what is told in words: cheaper, and the same comparing.
      name: "imagine",
      weight: 3.6,
      samplesPerStep: 28,
      capacity: { text: 330, visual: 0 },
      closeLastImage: 1,
      world: { families: { imagine: 80, letters: 20 } },
    },
    {
      // What is announced before an edit or a next frame is drawn, without the drawing.
      name: "foretell",
      weight: 1.4,
      samplesPerStep: 20,
      capacity: { text: 320, visual: 0 },
      closeLastImage: 1,
      world: { families: { foretell: 1 } },
    },
    {
      name: "converse",
      weight: 0.3,
      samplesPerStep: 12,
      capacity: { text: 300, visual: 300 },
      closeLastImage: 1,
      world: { styles, concepts, grid, families: { conversation: 1 } },
    },
    {
      // What an edit leaves as it was is copied: that is learnt best where nothing changes.
      name: "again",
      weight: 0.7,
      samplesPerStep: 24,
      capacity: { text: 190, visual: 220 },
      closeLastImage: 0,
      world: { concepts, families: { again: 1 } },
    },
    {
      name: "edit",
      weight: 3,
      ...editing,
      world: { styles, concepts, grid, families: { edit: 1 } },
    },
    {
      // Pictures that people show are in any style.
      name: "edit-anywhere",
      weight: 3,
      ...editing,
      world: { concepts, grid, families: { edit: 1 } },
    },
    {
      name: "series",
      weight: 2.4,
      ...continuing,
      world: { styles, concepts, grid, families: { sequence: 80, group: 20 } },
    },
    {
      name: "series-anywhere",
      weight: 1,
      ...continuing,
      world: { concepts, grid, families: { sequence: 80, group: 20 } },
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
      "Draw a carrot.",
      "Draw a yellow key.",
      "Draw a bus.",
      "Draw three apples.",
      "Draw a dog to the left of a tree.",
      "Draw a banana.",
      "Draw an elephant.",
      "a bicycle",
      "Draw a pink heart.",
    ],
    columns: 8,
    steps: 24,
    shift: 2,
    guidance: 3,
  },
};

const inBlock = ({ name, shape }: ParameterInfo) => shape.length === 2 && /\.(text|visual|blocks)\./.test(name);

/**
 * The text branch's matrices are a quarter as long as the visual ones since they were rescaled (docs/log.md): the same update changes them
 * more. What it looks at may change fast, since queries and keys are normed.
 */
function ofText({ name }: ParameterInfo): number {
  if (!/\.text\..*_proj/.test(name) || /self_attn\.[qk]_proj/.test(name)) return 1;
  return /mlp\.gate/.test(name) ? 0.6 : 0.4;
}

export default defineTraining({
  name: "emoji-nano",
  about: "The default model, 11.7 M parameters: drawing and understanding; hours on 2 cores.",
  task: settings,
  train: {
    steps: 9000,
    schedule: { kind: "wsd", peak: 4e-3, warmup: 100, decay: 8200, floor: 0.01 },
    optimizer: {
      adamw: { beta1: 0.9, beta2: 0.95, epsilon: 1e-12 },
      // Whole matrices and five iterations would cost two thirds of a step and learn no more (docs/log.md).
      muon: { select: inBlock, iterations: 3, blockRows: 64, weightDecay: 0.05 },
      // An update of Muon has 0.2 of the learning rate's size: embeddings and the like must not run ahead of the blocks.
      rate: (parameter) => (inBlock(parameter) ? 1 : 0.3) * ofText(parameter),
      emaDecay: 0.998,
    },
    checkpointMinutes: 4,
    reportMinutes: 4,
  },
  createTask: worldTask,
});
