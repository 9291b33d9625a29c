/**
 * Trains a ViT alone, by what each of its tokens shows: which thing, in which colour, whether it is the thing's middle, and which
 * background. Every token of a rendered picture has exact labels, so that a picture teaches as much as a page of captions. Classes
 * are told apart by the language model's own embeddings of their words, so that it reads a token almost as it reads the word.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeJsonAtomic } from "../core/atomic-file.ts";
import { BACKGROUNDS } from "../data/world/backgrounds.ts";
import { COLOURS } from "../data/world/colours.ts";
import { conceptNamed, CONCEPTS } from "../data/world/concepts.ts";
import { scenesOf } from "../data/world/draft.ts";
import { DraftStream } from "../data/world/draft-stream.ts";
import { NOTHING, ownersOf, UNCLEAR } from "../data/world/owners.ts";
import { bankPalette } from "../data/world/palette.ts";
import { renderScene } from "../data/world/render.ts";
import type { Scene } from "../data/world/scene.ts";
import { SpriteBank } from "../data/world/sprite-bank.ts";
import type { WorldConfig } from "../data/world/world-config.ts";
import { loadTokenizer } from "../encoders/tokenizer-file.ts";
import type { QwenVitConfig } from "../encoders/vit-config.ts";
import { Vit } from "../encoders/vit.ts";
import type { Dim } from "../graph/dims.ts";
import { crossEntropy, weightedMean } from "../graph/functional.ts";
import { add, constant, gemm, input, mul } from "../graph/primitives.ts";
import { countOperations } from "../graph/operations.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Embedding } from "../nn/layers.ts";
import { initializeParameters, ParameterScope, zeros, type ParameterValues } from "../nn/parameters.ts";
import { compileModel } from "../onnx/emit.ts";
import type { HostTensor, Program } from "../runtime/types.ts";
import { MOGAO_SCOPE, VIT_SCOPE } from "../weights/model-folder.ts";
import type { TaskContext } from "./config.ts";
import { initializeFrom } from "./init-from.ts";
import type { TrainingBatch, TrainingTask } from "./task.ts";
import { patchFeeds, vitSubgraph } from "./vit-subgraph.ts";

export interface RecognitionSettings {
  /** Holds the tokenizer. */
  readonly folder: string;
  /** Run, checkpoint or file with the embeddings of words; they stay as they are. */
  readonly wordsFrom: string;
  readonly vocabularySize: number;
  readonly vit: QwenVitConfig & { readonly mean: number; readonly deviation: number };
  /** Pixels; a multiple of a token's. */
  readonly imageSide: number;
  readonly picturesPerStep: number;
  /** Where pictures come from: the first scene of each sample. */
  readonly world: WorldConfig;
}

/** What tokens are asked, and what each question weighs in the loss. */
const HEADS = {
  /** Every concept of the table, or nothing. */
  thing: { names: [...CONCEPTS.map(({ name }) => name), "background"], weight: 1 },
  /** What people call the thing's colour; tokens of things of several colours are not asked. */
  colour: { names: COLOURS.map(({ name }) => name), weight: 0.5 },
  /** Whether the thing's centre lies in the token: what tells two apples from one. */
  centre: { names: ["elsewhere", "middle"], weight: 0.5 },
  /** Of tokens without a thing. */
  background: { names: BACKGROUNDS.map(({ name }) => name), weight: 0.2 },
} as const satisfies Record<string, { readonly names: readonly string[]; readonly weight: number }>;
type Head = keyof typeof HEADS;
const HEAD_NAMES = Object.keys(HEADS) as Head[];

/** Class of each token by head; −1 where the token is not asked. */
type TokenLabels = Readonly<Record<Head, Int16Array>>;

/** Pictures that reports count right answers on, from a stream of samples of their own. */
const REPORT_PICTURES = 128;
const REPORT_START = 2 ** 40;

/**
 * Loss: cross-entropies of the heads, each a mean over the tokens that are asked. Reports write `recognised-<step>.json`: the share of
 * right answers by head on pictures that training does not show.
 */
export async function recognitionTask(
  { vit: config, imageSide, picturesPerStep, world, ...words }: RecognitionSettings,
  { runtime, seed }: Pick<TaskContext, "runtime" | "seed">,
): Promise<TrainingTask> {
  const bank = await SpriteBank.open();
  const stream = new DraftStream({ seed, ...world, imageSize: imageSide }, bankPalette(bank));
  const tokenSide = config.patch * config.merge;
  const scope = new ParameterScope();
  const tokens = vitSubgraph(new Vit(scope.at(VIT_SCOPE), config), imageSide);
  const [count] = tokens.shape as [Dim];
  const logits = headsOf(scope, tokens, await wordVectors(words, config.outSize));
  const losses = Object.fromEntries(
    HEAD_NAMES.map((head) => {
      const entropy = crossEntropy(logits[head], input(`${head}_labels`, [count], "int"));
      return [head, weightedMean(entropy, input(`${head}_asked`, [count]))];
    }),
  ) as Record<Head, Tensor>;
  // Backward costs about twice the forward pass.
  const flops = 3 * countOperations([tokens], new Map([["images", picturesPerStep]]));

  /** A step's worth of pictures, from a sample on. */
  function picturesFrom(first: number) {
    return Array.from({ length: picturesPerStep }, (_, i) => {
      const [scene] = scenesOf(stream.draft(first + i)) as [Scene];
      return { image: renderScene(scene, bank), labels: labelsOf(scene, bank, tokenSide) };
    });
  }

  async function batch(step: number): Promise<TrainingBatch> {
    const pictures = picturesFrom(step * picturesPerStep);
    return {
      feeds: {
        ...patchFeeds(
          pictures.map(({ image }) => image),
          config,
          imageSide,
        ),
        ...labelFeeds(pictures.map(({ labels }) => labels)),
      },
      samples: picturesPerStep,
      flops,
    };
  }

  let reporter: Program | undefined;
  async function report(step: number, weights: ParameterValues, folder: string): Promise<void> {
    reporter ??= await runtime.load(compileModel(logits, { name: "recognition" }).bytes);
    const rights = await shareRight(reporter, weights);
    await mkdir(folder, { recursive: true });
    await writeJsonAtomic(join(folder, `recognised-${String(step).padStart(7, "0")}.json`), rights);
  }

  async function shareRight(program: Program, weights: ParameterValues): Promise<Record<Head, number>> {
    const parameters = Object.fromEntries(
      scope.all.map(({ name, shape }): [string, HostTensor] => [
        name,
        { type: "float32", shape: shape as number[], data: weights.get(name)! },
      ]),
    );
    const right = { thing: 0, colour: 0, centre: 0, background: 0 };
    const asked = { thing: 0, colour: 0, centre: 0, background: 0 };
    for (let first = 0; first < REPORT_PICTURES; first += picturesPerStep) {
      const pictures = picturesFrom(REPORT_START + first);
      const images = pictures.map(({ image }) => image);
      const answers = await program.run({ ...parameters, ...patchFeeds(images, config, imageSide) });
      for (const head of HEAD_NAMES) {
        const scores = answers[head]!.data as Float32Array;
        const classes = HEADS[head].names.length;
        joined(pictures.map(({ labels }) => labels[head])).forEach((label, token) => {
          // Of things, only where there is one: nothing is easy.
          if (label < 0 || (head === "thing" && label === CONCEPTS.length)) return;
          const row = scores.subarray(token * classes, (token + 1) * classes);
          asked[head]++;
          if (row.indexOf(Math.max(...row)) === label) right[head]++;
        });
      }
    }
    return Object.fromEntries(HEAD_NAMES.map((head) => [head, right[head] / Math.max(1, asked[head])])) as Record<Head, number>; // prettier-ignore
  }

  return {
    name: "recognition",
    parameters: scope.all,
    loss: HEAD_NAMES.map((head) => mul(HEADS[head].weight, losses[head])).reduce((a, b) => add(a, b)),
    metrics: losses,
    batch,
    report,
    close: async () => reporter?.dispose(),
  };
}

/** A logit is so many times a token's length along the direction of a class's words. */
const LOGIT_SCALE = 2;

function headsOf(
  scope: ParameterScope,
  tokens: Tensor,
  vectorOf: (words: string) => Float32Array,
): Record<Head, Tensor> {
  return Object.fromEntries(
    HEAD_NAMES.map((head) => {
      const { names } = HEADS[head];
      const directions = directionsOf(names.map(vectorOf));
      const size = directions.length / names.length;
      const bias = scope.parameter(`recognition.${head}.bias`, [names.length], zeros);
      const along = gemm(tokens, constant(directions, [names.length, size]), { transB: true });
      return [head, add(mul(LOGIT_SCALE, along), bias)];
    }),
  ) as Record<Head, Tensor>;
}

/** The mean embedding of some words' tokens, as they stand inside a sentence. */
async function wordVectors(
  { folder, wordsFrom, vocabularySize }: Pick<RecognitionSettings, "folder" | "wordsFrom" | "vocabularySize">,
  size: number,
): Promise<(words: string) => Float32Array> {
  const tokenizer = await loadTokenizer(folder);
  const scope = new ParameterScope();
  new Embedding(scope.at(MOGAO_SCOPE, "embed_tokens"), vocabularySize, size);
  const values = initializeParameters(scope.all, 0);
  await initializeFrom(wordsFrom, scope.all, values);
  const [table] = [...values.values()] as [Float32Array];
  return (words) => {
    const ids = tokenizer.encode(` ${words}`);
    const mean = new Float32Array(size);
    for (const id of ids) for (let i = 0; i < size; i++) mean[i]! += table[id * size + i]! / ids.length;
    return mean;
  };
}

/** Unit vectors of what distinguishes each from their mean, joined. */
function directionsOf(vectors: readonly Float32Array[]): Float32Array {
  const size = vectors[0]!.length;
  const directions = new Float32Array(vectors.length * size);
  for (let i = 0; i < size; i++) {
    const mean = vectors.reduce((sum, vector) => sum + vector[i]!, 0) / vectors.length;
    vectors.forEach((vector, c) => (directions[c * size + i] = vector[i]! - mean));
  }
  for (let c = 0; c < vectors.length; c++) {
    const direction = directions.subarray(c * size, (c + 1) * size);
    const length = Math.hypot(...direction);
    direction.forEach((value, i) => (direction[i] = value / length));
  }
  return directions;
}

/** Labels of the tokens of a scene's picture, in reading order. */
export function labelsOf(scene: Scene, bank: SpriteBank, tokenSide: number): TokenLabels {
  const owners = ownersOf(scene, bank, tokenSide);
  const columns = scene.width / tokenSide;
  const unasked = () => new Int16Array(owners.length).fill(-1);
  const labels = { thing: unasked(), colour: unasked(), centre: unasked(), background: unasked() };
  const background = BACKGROUNDS.findIndex(({ name }) => name === scene.background);
  labels.centre.fill(0);
  for (const { x, y } of scene.objects) {
    const cell = Math.floor((y * scene.height) / tokenSide) * columns + Math.floor((x * scene.width) / tokenSide);
    if (cell >= 0 && cell < owners.length) labels.centre[cell] = 1;
  }
  owners.forEach((owner, token) => {
    if (owner === UNCLEAR) return;
    if (owner === NOTHING) {
      labels.thing[token] = CONCEPTS.length;
      labels.background[token] = background;
      return;
    }
    const { concept: name, colour } = scene.objects[owner]!;
    const concept = conceptNamed(name);
    const called = colour ?? concept.naturalColour;
    labels.thing[token] = CONCEPTS.indexOf(concept);
    labels.colour[token] = COLOURS.findIndex((item) => item.name === called);
  });
  return labels;
}

function labelFeeds(labels: readonly TokenLabels[]): Record<string, HostTensor> {
  return Object.fromEntries(
    HEAD_NAMES.flatMap((head): [string, HostTensor][] => {
      const classes = joined(labels.map((of) => of[head]));
      const shape = [classes.length];
      return [
        [
          `${head}_labels`,
          { type: "int64", shape, data: BigInt64Array.from(classes, (label) => BigInt(Math.max(0, label))) },
        ],
        [`${head}_asked`, { type: "float32", shape, data: Float32Array.from(classes, (label) => Number(label >= 0)) }],
      ];
    }),
  );
}

function joined(parts: readonly Int16Array[]): number[] {
  return parts.flatMap((part) => [...part]);
}
