import type { RgbImage } from "../core/image.ts";
import type { Renormalisation } from "../model/guidance.ts";
import type { Device } from "../runtime/types.ts";

/** One piece of an interleaved conversation: a run of text or a picture. */
export type Part = TextPart | ImagePart;
export interface TextPart {
  readonly type: "text";
  readonly text: string;
  /** What the model wrote to itself before it drew (`think`). */
  readonly thought?: true;
}
export interface ImagePart {
  readonly type: "image";
  readonly image: RgbImage;
  /** Seed of the noise that the picture grew from; absent on pictures that were given, not drawn. */
  readonly seed?: number;
}

/** What the caller lets the model emit: `auto` leaves the choice to the model (Sec. 3, mode switch). */
export type OutputMode = "auto" | "text" | "image";

/** What an answer goes on with: text until the model ends it, text until its paragraph ends, a picture, nothing. */
export type NextPart = "text" | "paragraph" | "image" | "stop";

/** An answer at a point where it is to be decided how it goes on. */
export interface AnswerSoFar {
  /**
   * What has just happened: nothing yet; the model ended its text, or a paragraph of it (the last of `parts`, if it wrote
   * anything); it wants to draw; a picture was drawn.
   */
  readonly after: "start" | "text" | "paragraph" | "request" | "image";
  readonly parts: readonly Part[];
  /** Pictures that may still be drawn. */
  readonly imagesLeft: number;
}

/** Decides how an answer goes on. Asked for more text right after the model ended it, the model must write something. */
export type NextPartRule = (answer: AnswerSoFar) => NextPart | Promise<NextPart>;

/** In pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** How pictures are drawn. What is absent is the model's own choice, which may differ where the context has images. */
export interface DrawingOptions {
  /** Denoising steps a picture, counted as the model's authors do (`stepsCount` of its configuration). */
  steps?: number;
  /** Above 1, more of the steps lie near the noise. */
  shift?: number;
  /** γ of Eq. 11: how strongly a picture follows the text. */
  guidance?: number;
  /** γ_img of Eq. 11: how strongly a picture follows earlier pictures. */
  imageGuidance?: number;
  /** Guidance is on where from < share of noise ≤ to, both in [0, 1]; 1 is pure noise. */
  guidanceInterval?: readonly [from: number, to: number];
  /** Keeps guided velocities as short as conditional ones. */
  guidanceRenormalisation?: Renormalisation | "none";
  /** Size of drawn pictures; rounded to the token grid. */
  size?: PictureSize;
  /** Instead of a size: a shape such as "4:3", as long as the model's own pictures. */
  aspect?: string;
}

export interface GenerateOptions extends DrawingOptions {
  /** Unsigned 32-bit; the same seed on the same device gives the same output. Default: random. */
  seed?: number;
  maxImages?: number;
  /** Most text tokens to write, over all text parts. */
  maxTokens?: number;
  output?: OutputMode;
  /** Decides instead of the model, part by part; see `drawAfter`. Of `output` only the kinds of parts remain. */
  nextPart?: NextPartRule;
  /**
   * The model first writes down what it thinks, under a system prompt: its own, where it has learnt to think, or this one. Where it
   * then draws, the thought is a part of its own.
   */
  think?: boolean | string;
  /** 0 is greedy. */
  temperature?: number;
  topP?: number;
  /** Emit `image-step` previews every so many steps; 0 emits none. */
  previewEvery?: number;
  signal?: AbortSignal;
}

export interface BatchOptions extends GenerateOptions {
  /** One for each prompt; default: `seed` and those that follow it. */
  seeds?: readonly number[];
  /** How many prompts draw their pictures together, at most; default 8. */
  together?: number;
}

export interface Usage {
  readonly promptTokens: number;
  readonly promptImages: number;
  readonly completionTokens: number;
  readonly completionImages: number;
  /** Evaluations of the denoiser, over all images (each a batch of guidance branches). */
  readonly denoiseSteps: number;
}

export type FinishReason = "stop" | "length";

export type GenerateEvent =
  | { readonly type: "text-delta"; readonly text: string; readonly thought?: true }
  | { readonly type: "text-end"; readonly text: string; readonly thought?: true }
  | {
      readonly type: "image-start";
      readonly index: number;
      readonly width: number;
      readonly height: number;
      readonly steps: number;
    }
  | {
      readonly type: "image-step";
      readonly index: number;
      readonly step: number;
      readonly steps: number;
      readonly preview?: RgbImage;
    }
  | { readonly type: "image-end"; readonly index: number; readonly image: RgbImage; readonly seed: number }
  | { readonly type: "finish"; readonly reason: FinishReason; readonly usage: Usage };

export interface GenerateResult {
  readonly parts: readonly Part[];
  /** All text parts but thoughts, joined by blank lines. */
  readonly text: string;
  readonly images: readonly RgbImage[];
  readonly finish: FinishReason;
  readonly seed: number;
  readonly usage: Usage;
}

/** A running generation: await it for the result, or iterate over its events; leaving the loop aborts it. */
export interface Generation extends PromiseLike<GenerateResult>, AsyncIterable<GenerateEvent> {
  readonly seed: number;
}

/** What a prompt is made of; a string is a text part. */
export type Prompt = readonly (string | Part)[];

export interface LoadOptions {
  /** Folder with a model; default: the one that ships with the package. */
  readonly model?: string;
  /** Default: cpu. */
  readonly device?: Device;
}

/** A loaded model. */
export interface Mogao {
  readonly device: Device;
  generate(prompt: Prompt, options?: GenerateOptions): Generation;
  /** The prompt answered `count` times, under the seed and those that follow it; it is run once. */
  samples(prompt: Prompt, count: number, options?: GenerateOptions): readonly Generation[];
  /** Several prompts, whose pictures are drawn together: faster than one after another where pictures are small. */
  batch(prompts: readonly Prompt[], options?: BatchOptions): readonly Generation[];
  chat(): ChatSession;
  /** Frees the model; whatever runs is aborted. */
  dispose(): void;
}

/** A conversation that keeps its caches, so that a turn costs only what is new. One turn runs at a time. */
export interface ChatSession {
  /** The turns so far, given and answered ones in alternation. A turn that failed or was aborted leaves no trace. */
  readonly history: readonly (readonly Part[])[];
  send(prompt: Prompt, options?: GenerateOptions): Generation;
  /** Forgets everything. */
  reset(): void;
}
