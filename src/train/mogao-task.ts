/** Trains the omni model (Sec. 3.3, 4.1): samples in, packed rows out, text and flow losses together. */
import { InputError } from "../core/errors.ts";
import { Philox } from "../core/random.ts";
import type { RgbImage } from "../core/image.ts";
import type { Sample } from "../data/sample.ts";
import type { QwenVitConfig } from "../encoders/vit-config.ts";
import { Vit } from "../encoders/vit.ts";
import { topologicalOrder, type Tensor } from "../graph/tensor.ts";
import { attentionOf } from "../model/attends.ts";
import { Alignment, type AlignmentOptions } from "../model/alignment.ts";
import type { MogaoConfig } from "../model/config.ts";
import type { SpecialTokens } from "../model/conversation.ts";
import { Mogao } from "../model/mogao.ts";
import { trainingGraph, vitTokensInput, type Objective } from "../model/training-graph.ts";
import { elementCount, ParameterScope, type ParameterInfo } from "../nn/parameters.ts";
import type { HostTensor } from "../runtime/types.ts";
import { MOGAO_SCOPE, VIT_SCOPE } from "../weights/model-folder.ts";
import type { Sequence } from "../model/sequence.ts";
import { prepareSample, TOKEN_SIDE, type PreparedSample, type SequenceOptions } from "./mogao-samples.ts";
import { alignmentFeatures } from "./alignment-feeds.ts";
import { noisyCopies } from "./noisy-copies.ts";
import { packedFeeds, packRows, type RowCapacity } from "./packing.ts";
import type { TrainingBatch, TrainingTask } from "./task.ts";
import { patchFeeds, vitSubgraph } from "./vit-subgraph.ts";

/** Samples of one family of lengths. Each step draws from one source, so that its rows are of similar length. */
export interface SampleSource {
  readonly name: string;
  /** Share of steps. */
  readonly weight: number;
  readonly samplesPerStep: number;
  readonly capacity: RowCapacity;
  /** Probability of closing a drawn image that ends a sample; 1 where samples hold several, or the model never stops. */
  readonly closeLastImage: number;
  sample(index: number): Promise<Sample>;
}

export interface MogaoTaskOptions extends Omit<SequenceOptions, "withFlow" | "closeLastImage"> {
  readonly model: MogaoConfig;
  readonly vit: QwenVitConfig & { readonly mean: number; readonly deviation: number };
  /** Side of the square training images, in pixels. */
  readonly imageSide: number;
  readonly seed: number;
  readonly objective: Objective;
  /** λ of Eq. 7. */
  readonly lambda: number;
  /** Shift of training times towards noise; 1 is none. */
  readonly timeShift: number;
  /** `train`: the ViT learns along (pixels are fed); `frozen`: its tokens come from `encoders.vit`. */
  readonly vitMode: "train" | "frozen";
  readonly tokenize: (text: string) => readonly number[];
  readonly special: SpecialTokens;
  readonly sources: readonly SampleSource[];
  readonly encoders: {
    /** Equal-sized images → packed latent tokens [images, tokens, latentSize]. Needed for flow. */
    readonly vae?: { encode(images: readonly RgbImage[]): Promise<Float32Array> } | undefined;
    /** Equal-sized images → ViT tokens [images, tokens, hidden]. Needed when frozen. */
    readonly vit?: { encode(images: readonly RgbImage[]): Promise<Float32Array> } | undefined;
    /** The ViT that visual rows are drawn towards, as `vit`. Needed with `alignment`. */
    readonly teacher?: { encode(images: readonly RgbImage[]): Promise<Float32Array> } | undefined;
  };
  /** Only with flow. */
  readonly alignment?: AlignmentOptions | undefined;
  report?: TrainingTask["report"];
  close?(): Promise<void>;
}

/** Bounds the samples of a step, so that each has a random stream of its own. */
const MAX_SAMPLES = 4096;
const NOISE_STREAM = 2 ** 40;
const STEP_STREAM = 2 ** 41;

/** @throws InputError where model or ViT are of a family whose tokens come in another order than training puts them */
export function mogaoTask(options: MogaoTaskOptions): TrainingTask {
  if (options.model.imageLayout || options.model.vitTable)
    throw new InputError(
      "train: knows the paper's sequence of tokens alone, not that of BAGEL or Lance (docs/checkpoints.md)",
    );
  if (options.vitMode === "train" && options.vit.windows)
    throw new InputError(
      `train: vit.windows: expected none with vitMode "train", found ${options.vit.windows.side}: Qwen2.5-VL's ViT is only used frozen`,
    );
  const scope = new ParameterScope();
  const model = new Mogao(scope.at(MOGAO_SCOPE), options.model);
  const trainsVit = options.vitMode === "train";
  const withFlow = options.objective === "text+flow";
  const vit = new Vit(scope.at(VIT_SCOPE), options.vit);
  const featureSize = options.vit.outSize;
  const alignment =
    options.alignment && new Alignment(scope.at("alignment"), options.alignment, options.model.hiddenSize, featureSize);
  const vitTokens = trainsVit ? vitSubgraph(vit, options.imageSide) : vitTokensInput(model);
  const graph = trainingGraph(model, vitTokens, { ...options, alignment });
  const trained = reachedParameters(graph.loss, scope.all);
  const branchSize = (branch: string) =>
    trained.reduce((sum, { name, shape }) => sum + (name.includes(`.${branch}.`) ? elementCount(shape) : 0), 0);
  const sizes = {
    text: branchSize("text"),
    visual: branchSize("visual") || branchSize("text"),
    vit: branchSize("blocks"),
  };
  const tokens = (options.imageSide / TOKEN_SIDE) ** 2;
  const totalWeight = options.sources.reduce((sum, { weight }) => sum + weight, 0);

  function sourceOf(step: number): SampleSource {
    let left = new Philox(options.seed, STEP_STREAM + step).uniform() * totalWeight;
    return options.sources.find(({ weight }) => (left -= weight) < 0) ?? options.sources[0]!;
  }

  const chosen: SampleSource[] = [];
  /** How many steps before this one drew from the source: its samples are taken in order, without gaps. */
  function earlierSteps(source: SampleSource, step: number): number {
    while (chosen.length < step) chosen.push(sourceOf(chosen.length));
    let count = 0;
    for (let earlier = 0; earlier < step; earlier++) if (chosen[earlier] === source) count++;
    return count;
  }

  async function batch(step: number): Promise<TrainingBatch> {
    const source = sourceOf(step);
    const first = earlierSteps(source, step) * source.samplesPerStep;
    const prepared = await Promise.all(
      Array.from({ length: source.samplesPerStep }, async (_, i): Promise<PreparedSample> => {
        const random = new Philox(options.seed, step * MAX_SAMPLES + i);
        const sequenceOptions = { ...options, withFlow, closeLastImage: source.closeLastImage };
        return prepareSample(
          await source.sample(first + i),
          options.tokenize,
          options.special,
          random,
          sequenceOptions,
        );
      }),
    );
    const images = prepared.flatMap((sample) => sample.images);
    const firstImage: number[] = [];
    prepared.reduce((sum, sample, i) => ((firstImage[i] = sum), sum + sample.images.length), 0);
    for (const { width, height } of images)
      if (width !== options.imageSide || height !== options.imageSide)
        throw new InputError(`a training image is ${width}×${height}: expected ${options.imageSide} px a side`);

    // Each encoder sees only the images whose tokens some sequence holds: the ViT none that is drawn last, the VAE none that is
    // only talked about.
    const held = (tokensOf: (sequence: Sequence) => readonly { readonly image: number }[]) => {
      const numbers = prepared.flatMap(({ sequence }, sample) =>
        [...new Set(tokensOf(sequence).map(({ image }) => image))].map((image) => firstImage[sample]! + image),
      );
      return {
        images: numbers.map((number) => images[number]!),
        place: new Map(numbers.map((number, place) => [number, place])),
      };
    };
    const seen = held(({ text }) => text.filter(({ token }) => token >= 0));
    const painted = held(({ visual }) => visual);
    const latents =
      withFlow && painted.images.length > 0 ? await options.encoders.vae!.encode(painted.images) : new Float32Array(0);
    const latentLength = tokens * options.model.latentSize;
    const noisy = prepared.map(({ sequence }, i) =>
      noisyCopies(sequence, new Philox(options.seed, NOISE_STREAM + step * MAX_SAMPLES + i), {
        timeShift: options.timeShift,
        length: latentLength,
      }),
    );
    const rows = packRows(
      prepared.map(({ sequence }) => sequence),
      source.capacity,
    );
    const feeds = packedFeeds(
      rows,
      {
        latents: (sample, image) => {
          const at = painted.place.get(firstImage[sample]! + image)! * latentLength;
          return latents.subarray(at, at + latentLength);
        },
        vitStart: (sample, image) => seen.place.get(firstImage[sample]! + image)! * tokens,
        time: (sample, image, copy) => noisy[sample]!.of(image, copy).time,
        noise: (sample, image, copy) => noisy[sample]!.of(image, copy).noise,
        textWeight: () => 1,
        flowWeight: () => 1,
      },
      {
        latentSize: options.model.latentSize,
        withFlow,
        attention: attentionOf(options.model),
      },
    );
    const vitFeeds: Record<string, HostTensor> = trainsVit
      ? patchFeeds(seen.images, options.vit, options.imageSide)
      : { vit_tokens: await frozenVitTokens(seen.images, options) };
    if (alignment)
      feeds["features"] = await alignmentFeatures(
        rows,
        feeds["latents"]!.shape[1]!,
        featureSize,
        (sample, image) => firstImage[sample]! + image,
        (numbers) => options.encoders.teacher!.encode(numbers.map((number) => images[number]!)),
      );
    const [b, t] = feeds["ids"]!.shape as [number, number];
    const v = feeds["latents"]?.shape[1] ?? 0;
    return {
      feeds: { ...feeds, ...vitFeeds },
      samples: prepared.length,
      flops: stepFlops(b, t, v, seen.images.length),
      source: source.name,
    };
  }

  /** Products alone, backward counted as twice the forward pass. */
  function stepFlops(b: number, t: number, v: number, images: number): number {
    const { heads, headSize, layers } = options.model;
    const linear = 6 * b * (t * sizes.text + v * sizes.visual);
    const attention = 12 * b * (t + v) ** 2 * heads * headSize * layers;
    const patches = options.vit.merge ** 2 * tokens;
    return linear + attention + (trainsVit ? 6 * images * patches * sizes.vit : 0);
  }

  return {
    name: "mogao",
    parameters: trained,
    loss: graph.loss,
    metrics: {
      text: graph.textLoss,
      ...(withFlow && { flow: graph.flowLoss }),
      ...(graph.alignmentLoss && { alignment: graph.alignmentLoss }),
    },
    observed: Object.fromEntries(Object.entries(graph.keysSeen).map(([branch, keys]) => [`${branch}_keys_seen`, keys])),
    batch,
    ...(options.report && { report: options.report }),
    ...(options.close && { close: options.close }),
  };
}

function reachedParameters(loss: Tensor, all: readonly ParameterInfo[]): ParameterInfo[] {
  const reached = new Set(topologicalOrder([loss]));
  return all.filter(({ tensor }) => reached.has(tensor));
}

async function frozenVitTokens(images: readonly RgbImage[], options: MogaoTaskOptions): Promise<HostTensor> {
  const hidden = options.model.hiddenSize;
  if (images.length === 0 || !options.context.vit)
    return { type: "float32", shape: [1, hidden], data: new Float32Array(new ArrayBuffer(4 * hidden)) };
  const data = await options.encoders.vit!.encode(images);
  return { type: "float32", shape: [data.length / hidden, hidden], data };
}
