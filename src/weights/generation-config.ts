/** How a model of its family is used: the part of a model folder's config.json that generation reads. */
import { z } from "zod";
import { renormalisationKinds } from "../model/guidance.ts";

const count = z
  .int()
  .positive()
  .max(2 ** 24);
const scale = z.number().min(0);
const unit = z.number().min(0).max(1);

const interval = z.tuple([unit, unit]).readonly();
const renormalisation = z.union([
  z.literal("none"),
  z.strictObject({ over: z.enum(renormalisationKinds), least: unit.default(0) }),
]);

/** What stands before and after; `<|name|>` is a special token. */
const around = z.tuple([z.string(), z.string()]).readonly();
const turn = ["<|im_start|>", "<|im_end|>"] as const;

const markupSchema = z.strictObject({
  /** Before the first prompt, where the caller gives no system prompt. */
  opening: z.string().default(""),
  /** Around a system prompt that takes the opening's place; absent: it is a text of the first prompt. */
  system: around.optional(),
  prompt: around.default(turn),
  answer: around.default(turn),
  text: around.default(["", ""]),
  /** Special tokens by which the model ends its answer. */
  ends: z.array(z.string()).min(1).readonly().default([turn[1]]),
});

export const generationSchema = z.strictObject({
  /** How a conversation is written down: what stands around prompts, answers, and the texts in both. */
  markup: markupSchema.prefault({}),
  /** Whether the model opens images by itself (Sec. 3); else drawing needs a rule of the caller's. */
  opensImages: z.boolean().default(true),
  /**
   * System prompts of a conversation that begins with a picture to be drawn, after images in the prompt or without, where the caller gives none.
   * For models that draw when they are asked to (`opensImages: false`); others have `markup.opening`.
   */
  systemPrompts: z.strictObject({ draw: z.string().optional(), edit: z.string().optional() }).default({}),
  /** System prompts under which the model has learnt to think before it answers in text or draws. */
  thinkPrompts: z.strictObject({ text: z.string(), image: z.string() }).optional(),
  /** Size of drawn pictures, in pixels, and the most that may be asked for. */
  width: count.default(512),
  height: count.default(512),
  maxPixels: count.default(1024 ** 2),
  steps: count.default(50),
  /** What `steps` counts: evaluations of the network, or times of the schedule, whose last one is data (BAGEL). */
  stepsCount: z.enum(["evaluations", "times"]).default("evaluations"),
  shift: z.number().positive().default(1),
  solver: z.enum(["euler", "heun", "midpoint"]).default("euler"),
  guidanceForm: z.enum(["paper", "nested"]).default("paper"),
  /** γ and γ_img (guidance.ts). */
  guidance: scale.default(7.5),
  imageGuidance: scale.default(1.5),
  /** Shares of noise between which guidance is on. */
  guidanceInterval: interval.default([0, 1]),
  guidanceRenormalisation: renormalisation.default("none"),
  /** What the context without the last text keeps of what follows that text: nothing, or its markup, as Lance does. */
  withoutText: z.enum(["nothing", "markup"]).default("nothing"),
  /** What differs where the context has images. */
  editing: z
    .strictObject({
      guidance: scale.optional(),
      imageGuidance: scale.optional(),
      guidanceInterval: interval.optional(),
      guidanceRenormalisation: renormalisation.optional(),
      /** Draws as large as the last image of the context. */
      sizeOfImage: z.boolean().optional(),
    })
    .default({}),
  maxImages: z.int().min(0).default(4),
  maxTokens: count.default(1024),
  /** Rows that prompt and answer together may fill. */
  maxContext: count.default(32_768),
  temperature: z.number().min(0).default(1),
  topP: z.number().positive().max(1).default(1),
});

/** Checked, with defaults. */
export type GenerationConfig = z.output<typeof generationSchema>;
/** As written. */
export type GenerationConfigInput = z.input<typeof generationSchema>;
