/** Named configurations. */
import type { MogaoConfig } from "./config.ts";

/** What BAGEL and Lance chose alike, and the paper otherwise. */
const bytedanceSwitches = {
  timeScale: 1,
  timeConditioning: "added",
  dataAtTime: 0,
  queryKeyNorm: { text: true, visual: true },
  untiedHead: true,
  textSeesVae: true,
} as const satisfies Partial<MogaoConfig>;

export const presets = {
  /** The default model: Emoji World, 96 px, trained from scratch on two cores. */
  nano: {
    hiddenSize: 256,
    layers: 8,
    heads: 4,
    kvHeads: 2,
    headSize: 64,
    ffnSize: 512,
    vocabularySize: 2048,
    rmsNormEpsilon: 1e-6,
    ropeTheta: 10_000,
    rope: "interleaved",
    fusion: "deep",
    imageContext: "vit+vae",
    latentSize: 32,
    conditionSize: 128,
    timeScale: 1000,
    // Else Muon lengthens both until each token sees one other (docs/log.md, "Attention that had become hard").
    queryKeyNorm: { text: true, visual: true },
  },
  /** The paper's scale: Qwen2.5-3B as the text branch and again as the visual branch. */
  "mogao-7b": {
    hiddenSize: 2048,
    layers: 36,
    heads: 16,
    kvHeads: 2,
    headSize: 128,
    ffnSize: 11008,
    vocabularySize: 151_936,
    rmsNormEpsilon: 1e-6,
    ropeTheta: 1_000_000,
    rope: "interleaved",
    fusion: "deep",
    imageContext: "vit+vae",
    latentSize: 64,
    conditionSize: 2048,
    timeScale: 1000,
  },
  /** The same at the smallest scale of Qwen2.5, 0.5B: for machines on which 7B are no fun. */
  "mogao-1b": {
    hiddenSize: 896,
    layers: 24,
    heads: 14,
    kvHeads: 2,
    headSize: 64,
    ffnSize: 4864,
    vocabularySize: 151_936,
    rmsNormEpsilon: 1e-6,
    ropeTheta: 1_000_000,
    rope: "interleaved",
    fusion: "deep",
    imageContext: "vit+vae",
    latentSize: 64,
    conditionSize: 896,
    timeScale: 1000,
  },
  /** ByteDance's BAGEL (2025): Qwen2.5-7B twice, each encoder's tokens in a group of their own. */
  "bagel-7b-mot": {
    hiddenSize: 3584,
    layers: 28,
    heads: 28,
    kvHeads: 4,
    headSize: 128,
    ffnSize: 18_944,
    vocabularySize: 152_064,
    rmsNormEpsilon: 1e-6,
    ropeTheta: 1_000_000,
    rope: "1d",
    fusion: "deep",
    imageContext: "vit+vae",
    latentSize: 64,
    conditionSize: 3584,
    ...bytedanceSwitches,
    imageLayout: { groups: "vae-vit", markers: "inside", positions: "step" },
    latentTable: { side: 64, axes: "WH" },
    vitTable: { side: 70, axes: "WH" },
    connectorSize: 1152,
  },
  /** ByteDance's Lance (2026): Qwen2.5-VL-3B twice, with its positions; images alone. */
  "lance-3b": {
    hiddenSize: 2048,
    layers: 36,
    heads: 16,
    kvHeads: 2,
    headSize: 128,
    ffnSize: 11_008,
    vocabularySize: 151_936,
    rmsNormEpsilon: 1e-6,
    ropeTheta: 1_000_000,
    rope: "mrope",
    ropeSections: [16, 24, 24],
    fusion: "deep",
    imageContext: "vit+vae",
    latentSize: 48,
    conditionSize: 2048,
    ...bytedanceSwitches,
    imageLayout: { groups: "vit-vae", markers: "inside", positions: "extent", vitTime: 1000, drawsInPlace: true },
    latentTable: { side: 64, axes: "THW" },
  },
} as const satisfies Readonly<Record<string, MogaoConfig>>;

/** Qwen2-VL's vision transformer, 675 M parameters whatever the LLM. */
const qwen2VlVit = {
  size: 1280,
  layers: 32,
  heads: 16,
  mlpSize: 5120,
  patch: 14,
  merge: 2,
  temporalPatch: 2,
  mean: [0.48145466, 0.4578275, 0.40821073],
  deviation: [0.26862954, 0.26130258, 0.27577711],
} as const;

/** Vision transformers of presets: the default model's 16 px token grid is the VAE's without resizing. */
export const vitPresets = {
  nano: {
    size: 128,
    layers: 5,
    heads: 4,
    mlpSize: 512,
    patch: 8,
    merge: 2,
    temporalPatch: 1,
    outSize: presets.nano.hiddenSize,
    mean: 0.5,
    deviation: 0.5,
  },
  "mogao-1b": { ...qwen2VlVit, outSize: presets["mogao-1b"].hiddenSize },
  "mogao-7b": { ...qwen2VlVit, outSize: presets["mogao-7b"].hiddenSize },
  /** SigLIP so400m of which BAGEL keeps 26 layers; a token is a patch. */
  "bagel-7b-mot": {
    architecture: "siglip",
    size: 1152,
    layers: 26,
    heads: 16,
    mlpSize: 4304,
    patch: 14,
    merge: 1,
    temporalPatch: 1,
    outSize: presets["bagel-7b-mot"].connectorSize,
    positionsPerSide: 70,
    mean: 0.5,
    deviation: 0.5,
  },
  /** Qwen2.5-VL's. */
  "lance-3b": {
    size: 1280,
    layers: 32,
    heads: 16,
    mlpSize: 3420,
    patch: 14,
    merge: 2,
    temporalPatch: 2,
    outSize: presets["lance-3b"].hiddenSize,
    norm: "rms",
    mlp: "swiglu",
    windows: { side: 8, full: [7, 15, 23, 31] },
    mean: qwen2VlVit.mean,
    deviation: qwen2VlVit.deviation,
  },
} as const;

export type PresetName = keyof typeof presets;

/** The rows of the paper's Table 5, as changes to a configuration. */
export const ablations = {
  A: { rope: "mrope", imageContext: "vae", fusion: "shared" },
  B: { rope: "interleaved", imageContext: "vae", fusion: "shared" },
  C: { rope: "interleaved", imageContext: "vit+vae", fusion: "shared" },
  D: { rope: "interleaved", imageContext: "vit+vae", fusion: "deep" },
} as const satisfies Readonly<Record<string, Partial<MogaoConfig>>>;
