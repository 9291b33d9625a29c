/** Small random models for tests of generation. */
import { Philox } from "../core/random.ts";
import { SPECIAL_TOKENS } from "../data/world/tokenizer-training.ts";
import { byteOfCharacter } from "../encoders/byte-alphabet.ts";
import { fluxVaeConfig, type FluxVaeConfig } from "../encoders/vae-config.ts";
import { Tokenizer } from "../encoders/tokenizer.ts";
import { Vae } from "../encoders/vae.ts";
import type { MogaoConfig } from "../model/config.ts";
import { elementCount, type ParameterInfo, type ParameterValues } from "../nn/parameters.ts";
import { bagelUsage } from "../weights/families/family-defaults.ts";
import { FORMAT, parseModelConfig, type ModelFolderConfigInput } from "../weights/model-config.ts";
import { modelParameters, type ModelFolder, type ModelToSave } from "../weights/model-folder.ts";

export const tinyConfig: MogaoConfig = {
  hiddenSize: 32,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  ffnSize: 48,
  vocabularySize: 24,
  rmsNormEpsilon: 1e-6,
  ropeTheta: 100,
  rope: "interleaved",
  fusion: "deep",
  imageContext: "vit+vae",
  latentSize: 8,
  conditionSize: 16,
  timeScale: 10,
};

/** BAGEL's choices of architecture, and Lance's, for {@link tinyConfig}. */
export const bagelSwitches = {
  rope: "1d",
  timeConditioning: "added",
  conditionSize: tinyConfig.hiddenSize,
  timeScale: 1,
  dataAtTime: 0,
  queryKeyNorm: { text: true, visual: true },
  untiedHead: true,
  textSeesVae: true,
  imageLayout: { groups: "vae-vit", markers: "inside", positions: "step" },
  latentTable: { side: 3, axes: "WH" },
  vitTable: { side: 4, axes: "WH" },
  connectorSize: 12,
} as const satisfies Partial<MogaoConfig>;
const { vitTable: _, connectorSize: __, ...shared } = bagelSwitches;
export const lanceSwitches: Partial<MogaoConfig> = {
  ...shared,
  rope: "mrope",
  ropeSections: [1, 1, 2],
  queryKeyNorm: { text: true, visual: false },
  imageLayout: { groups: "vit-vae", markers: "inside", positions: "extent", vitTime: 40 },
  latentTable: { side: 3, axes: "THW" },
};
/** Random values for every parameter, zero-initialised ones too, so that no path is closed by accident. */
export function randomWeights(parameters: readonly ParameterInfo[], seed = 7, deviation = 0.3): ParameterValues {
  const random = new Philox(seed);
  return new Map(
    parameters.map(({ name, shape }) => {
      const data = random.fillNormal(new Float32Array(new ArrayBuffer(4 * elementCount(shape))));
      for (let i = 0; i < data.length; i++) data[i]! *= deviation;
      return [name, data];
    }),
  );
}

const BYTES = 256;

/** The id of a special token of {@link tinyTokenizer}. */
export function specialId(name: (typeof SPECIAL_TOKENS)[number]): number {
  return BYTES + SPECIAL_TOKENS.indexOf(name);
}

/** A tokenizer.json of single bytes and the special tokens. */
export function tinyTokenizer(): object {
  return {
    version: "1.0",
    added_tokens: SPECIAL_TOKENS.map((content) => ({ id: specialId(content), content, special: true })),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: {
      type: "BPE",
      vocab: Object.fromEntries([...byteOfCharacter.keys()].map((character, id) => [character, id])),
      merges: [],
    },
  };
}

const tinyVae: FluxVaeConfig = {
  ...fluxVaeConfig,
  channels: 4,
  multipliers: [1, 1, 1, 1],
  blocks: 1,
  latentChannels: 2,
  groups: 2,
  scale: 1,
  shift: 0,
  linearSkip: true,
};

export interface TinyModelChange {
  readonly model?: Partial<MogaoConfig>;
  readonly config?: Partial<ModelFolderConfigInput>;
  readonly seed?: number;
}

/** Everything that a model folder holds, of networks that are random throughout. Pictures of 32 × 32 pixels, 2 × 2 tokens. */
export function tinyModel(change: TinyModelChange = {}): ModelToSave & { readonly weights: ParameterValues } {
  const model: MogaoConfig = { ...tinyConfig, vocabularySize: 270, ...change.model };
  const config: Omit<ModelFolderConfigInput, "format"> = {
    name: "tiny",
    model,
    ...(model.imageContext === "vit+vae" && {
      vit: {
        size: 16,
        layers: 1,
        heads: 2,
        mlpSize: 16,
        patch: 8,
        merge: 2,
        temporalPatch: 2,
        outSize: model.hiddenSize,
        mean: 0.5,
        deviation: 0.5,
      },
    }),
    vae: tinyVae,
    images: { maxPixels: 32 * 48 },
    generation: { width: 32, height: 32, maxPixels: 64 * 64, steps: 4, shift: 2, maxImages: 2, maxTokens: 12 },
    ...change.config,
  };
  const seed = change.seed ?? 7;
  return {
    config,
    weights: randomWeights(modelParameters(config), seed),
    vaeWeights: randomWeights(new Vae(tinyVae).parameters, seed + 1, 0.2),
    tokenizer: tinyTokenizer(),
  };
}

/** A model of BAGEL's architecture that is used as BAGEL is. Pictures as of {@link tinyModel}; its ViT has a grid of its own. */
export function tinyBagel(
  generation: Partial<ModelFolderConfigInput["generation"]> = {},
): ReturnType<typeof tinyModel> {
  const { connectorSize } = bagelSwitches;
  return tinyModel({
    model: { ...bagelSwitches, latentTable: { side: 4, axes: "WH" } },
    config: {
      vit: {
        architecture: "siglip",
        size: connectorSize,
        layers: 1,
        heads: 1,
        mlpSize: 16,
        patch: 8,
        merge: 1,
        temporalPatch: 1,
        outSize: connectorSize,
        positionsPerSide: 4,
        mean: 0.5,
        deviation: 0.5,
      },
      images: { minSide: 16, maxSide: 48, maxPixels: 64 * 64 },
      vitImages: { minSide: 8, maxSide: 24, maxPixels: 64 * 64 },
      generation: {
        ...bagelUsage.generation,
        width: 32,
        height: 32,
        maxPixels: 64 * 64,
        steps: 4,
        maxImages: 2,
        maxTokens: 12,
        ...generation,
      },
    },
  });
}

/** As if saved and loaded. */
export function asLoaded(model: ReturnType<typeof tinyModel>): ModelFolder {
  const { weights, vaeWeights, tokenizer } = model;
  const config = parseModelConfig({ format: FORMAT, ...model.config }, "tiny");
  return { config, weights, vaeWeights, tokenizer: new Tokenizer(tokenizer) };
}

/**
 * A tiny model whose likeliest next token depends on the last one alone: `next` says which follows which. The text branch
 * adds nothing to the embeddings, and each pair has two of their dimensions, where (s, s) and (s, −s) meet under the
 * final norm's weights +1 and −1: 2s² for the pair, 0 for each with itself. As the head is tied, pairs hold both ways;
 * s grows, so that the later pair of a token wins.
 */
export function scriptedModel(next: readonly (readonly [number, number])[]): ReturnType<typeof tinyModel> {
  const model = tinyModel();
  const { hiddenSize } = model.config.model;
  for (const [name, values] of model.weights) if (/\.text\..*(o_proj|down_proj)\.weight$/.test(name)) values.fill(0);
  const embedding = model.weights.get("mogao.embed_tokens.weight")!.fill(0);
  const norm = model.weights.get("mogao.norm.weight")!;
  norm.forEach((_, i) => (norm[i] = i % 2 === 0 ? 1 : -1));
  next.forEach(([from, to], pair) => {
    const s = 1 + 0.2 * pair;
    embedding.set([s, s], from * hiddenSize + 2 * pair);
    embedding.set([s, -s], to * hiddenSize + 2 * pair);
  });
  return model;
}
