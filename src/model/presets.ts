/** Named configurations. */
import type { MogaoConfig } from "./config.ts";

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
} as const satisfies Readonly<Record<string, MogaoConfig>>;

/** Vision transformers: Qwen2-VL's, and a small one whose 16 px token grid is the VAE's without resizing. */
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
} as const;

export type PresetName = keyof typeof presets;

/** The rows of the paper's Table 5, as changes to a configuration. */
export const ablations = {
  A: { rope: "mrope", imageContext: "vae", fusion: "shared" },
  B: { rope: "interleaved", imageContext: "vae", fusion: "shared" },
  C: { rope: "interleaved", imageContext: "vit+vae", fusion: "shared" },
  D: { rope: "interleaved", imageContext: "vit+vae", fusion: "deep" },
} as const satisfies Readonly<Record<string, Partial<MogaoConfig>>>;
