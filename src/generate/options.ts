import { InputError } from "../core/errors.ts";
import { renormalisationKinds } from "../model/guidance.ts";
import type { ModelFolderConfig } from "../weights/model-config.ts";
import { askedSize } from "./drawing-settings.ts";
import type { DrawingOptions, GenerateOptions, NextPartRule, OutputMode } from "./types.ts";

/** Checked options. Those of drawings stay as given, as their defaults differ from picture to picture. */
export interface ResolvedOptions extends Required<
  Omit<GenerateOptions, "signal" | "nextPart" | "think" | keyof DrawingOptions>
> {
  readonly drawing: DrawingOptions;
  /** Whether anything may be drawn. */
  readonly draws: boolean;
  readonly nextPart: NextPartRule | undefined;
  /** The prompt under which the model thinks. */
  readonly system: string | undefined;
}

const SEEDS = 2 ** 32;
const MOST_STEPS = 10_000;
/** Beyond it and its inverse, all steps lie at one end. */
const LEAST_SHIFT = 0.01;

const known = new Set<string>([
  "seed",
  "steps",
  "shift",
  "guidance",
  "imageGuidance",
  "guidanceInterval",
  "guidanceRenormalisation",
  "size",
  "aspect",
  "maxImages",
  "maxTokens",
  "output",
  "nextPart",
  "think",
  "temperature",
  "topP",
  "previewEvery",
  "signal",
] satisfies (keyof GenerateOptions)[]);

/** How many prompts of a batch draw their pictures together, unless told otherwise. */
export const TOGETHER = 8;

export function randomSeed(): number {
  return Math.floor(Math.random() * SEEDS);
}

/** Throws InputError naming the option, what was expected and what was found. `seed` stands in where none is given. */
export function resolveOptions(options: GenerateOptions, config: ModelFolderConfig, seed: number): ResolvedOptions {
  for (const name of Object.keys(options))
    expect(known.has(name), name, `one of the options ${[...known].join(", ")}`, "an unknown option");
  const { generation } = config;
  const whole = (name: keyof GenerateOptions, value: number, least: number, most: number) =>
    expect(
      Number.isInteger(value) && value >= least && value <= most,
      name,
      `a whole number from ${least} to ${most}`,
      value,
    );
  const number = (name: keyof GenerateOptions, value: number, least: number, most = Infinity) =>
    expect(
      Number.isFinite(value) && value >= least && value <= most,
      name,
      `a number ${most < Infinity ? `from ${least} to ${most}` : `of at least ${least}`}`,
      value,
    );
  const { steps, shift, guidance, imageGuidance, guidanceInterval, guidanceRenormalisation, size, aspect } = options;
  const drawing = { steps, shift, guidance, imageGuidance, guidanceInterval, guidanceRenormalisation, size, aspect };
  const output: OutputMode = options.output ?? "auto";
  const maxImages = options.maxImages ?? generation.maxImages;
  const draws = output !== "text" && maxImages > 0;
  const resolved: ResolvedOptions = {
    seed: options.seed ?? seed,
    drawing: Object.fromEntries(Object.entries(drawing).filter(([, value]) => value !== undefined)),
    maxImages,
    draws,
    nextPart: options.nextPart,
    system: systemPrompt(options.think ?? false, generation.thinkPrompts?.[draws ? "image" : "text"]),
    maxTokens: options.maxTokens ?? generation.maxTokens,
    output,
    temperature: options.temperature ?? generation.temperature,
    topP: options.topP ?? generation.topP,
    previewEvery: options.previewEvery ?? 0,
  };
  whole("seed", resolved.seed, 0, SEEDS - 1);
  // A schedule of one time has no interval to step over.
  if (steps !== undefined) whole("steps", steps, generation.stepsCount === "times" ? 2 : 1, MOST_STEPS);
  if (shift !== undefined) number("shift", shift, LEAST_SHIFT, 1 / LEAST_SHIFT);
  if (guidance !== undefined) number("guidance", guidance, 0);
  if (imageGuidance !== undefined) number("imageGuidance", imageGuidance, 0);
  if (guidanceInterval !== undefined) {
    const [from, to] = guidanceInterval;
    const ordered = guidanceInterval.length === 2 && from >= 0 && from <= to && to <= 1;
    expect(ordered, "guidanceInterval", "two shares of noise, 0 ≤ from ≤ to ≤ 1", guidanceInterval.join(" to "));
  }
  if (guidanceRenormalisation !== undefined && guidanceRenormalisation !== "none") {
    const { over, least } = guidanceRenormalisation;
    const kinds = ["none", ...renormalisationKinds].join(", ");
    expect(renormalisationKinds.includes(over), "guidanceRenormalisation", `one of ${kinds}`, over);
    expect(least >= 0 && least <= 1, "guidanceRenormalisation", "a least factor from 0 to 1", least);
  }
  askedSize(resolved.drawing, config);
  whole("maxImages", resolved.maxImages, 0, Number.MAX_SAFE_INTEGER);
  whole("maxTokens", resolved.maxTokens, 1, Number.MAX_SAFE_INTEGER);
  expect(["auto", "text", "image"].includes(resolved.output), "output", "auto, text or image", resolved.output);
  if (!config.vae) {
    expect(output !== "image", "output", "auto or text, as this is a language model", output);
    expect(maxImages === 0, "maxImages", "0, as this is a language model", maxImages);
  }
  if (resolved.output === "image") whole("maxImages", resolved.maxImages, 1, Number.MAX_SAFE_INTEGER);
  if (options.nextPart !== undefined) {
    expect(typeof options.nextPart === "function", "nextPart", "a function", typeof options.nextPart);
    expect(output === "auto", "output", "auto beside nextPart, which decides", output);
  }
  number("temperature", resolved.temperature, 0);
  number("topP", resolved.topP, 0, 1);
  expect(resolved.topP > 0, "topP", "a number above 0", resolved.topP);
  whole("previewEvery", resolved.previewEvery, 0, Number.MAX_SAFE_INTEGER);
  return resolved;
}

function systemPrompt(think: boolean | string, learnt: string | undefined): string | undefined {
  if (typeof think === "string") return think;
  expect(typeof think === "boolean", "think", "true, false or a system prompt", think);
  const expected = "a system prompt to think under, as this model has learnt none";
  expect(!think || learnt !== undefined, "think", expected, think);
  return think ? learnt : undefined;
}

function expect(condition: boolean, name: string, expected: string, found: unknown): void {
  if (!condition) throw new InputError(`${name}: expected ${expected}, found ${String(found)}`);
}
