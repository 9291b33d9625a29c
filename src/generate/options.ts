import { InputError } from "../core/errors.ts";
import { vaeTokenSide } from "../encoders/vae-config.ts";
import type { ModelFolderConfig } from "../weights/model-config.ts";
import type { GenerateOptions } from "./types.ts";

/** Checked options, with the model's defaults, and the size on the token grid. */
export interface ResolvedOptions extends Required<Omit<GenerateOptions, "seed" | "signal">> {
  readonly seed: number;
}

const SEEDS = 2 ** 32;
const MOST_STEPS = 10_000;

const known = new Set<string>([
  "seed",
  "steps",
  "guidance",
  "imageGuidance",
  "size",
  "maxImages",
  "maxTokens",
  "output",
  "temperature",
  "topP",
  "previewEvery",
  "signal",
] satisfies (keyof GenerateOptions)[]);

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
  const resolved: ResolvedOptions = {
    seed: options.seed ?? seed,
    steps: options.steps ?? generation.steps,
    guidance: options.guidance ?? generation.guidance,
    imageGuidance: options.imageGuidance ?? generation.imageGuidance,
    size: options.size ?? { width: generation.width, height: generation.height },
    maxImages: options.maxImages ?? generation.maxImages,
    maxTokens: options.maxTokens ?? generation.maxTokens,
    output: options.output ?? "auto",
    temperature: options.temperature ?? generation.temperature,
    topP: options.topP ?? generation.topP,
    previewEvery: options.previewEvery ?? 0,
  };
  whole("seed", resolved.seed, 0, SEEDS - 1);
  whole("steps", resolved.steps, 1, MOST_STEPS);
  number("guidance", resolved.guidance, 0);
  number("imageGuidance", resolved.imageGuidance, 0);
  whole("maxImages", resolved.maxImages, 0, Number.MAX_SAFE_INTEGER);
  whole("maxTokens", resolved.maxTokens, 1, Number.MAX_SAFE_INTEGER);
  expect(["auto", "text", "image"].includes(resolved.output), "output", "auto, text or image", resolved.output);
  if (resolved.output === "image") whole("maxImages", resolved.maxImages, 1, Number.MAX_SAFE_INTEGER);
  number("temperature", resolved.temperature, 0);
  number("topP", resolved.topP, 0, 1);
  expect(resolved.topP > 0, "topP", "a number above 0", resolved.topP);
  whole("previewEvery", resolved.previewEvery, 0, Number.MAX_SAFE_INTEGER);
  return { ...resolved, size: sizeOnGrid(resolved.size, config) };
}

/** Each side rounded to the token grid, at least one token. */
function sizeOnGrid({ width, height }: { width: number; height: number }, { vae, generation }: ModelFolderConfig) {
  const found = `${width}×${height}`;
  const possible = [width, height].every((side) => Number.isInteger(side) && side > 0);
  expect(possible, "size", "positive whole numbers of pixels", found);
  const side = vaeTokenSide(vae);
  const snap = (length: number) => Math.max(1, Math.round(length / side)) * side;
  const size = { width: snap(width), height: snap(height) };
  const fits = size.width * size.height <= generation.maxPixels;
  expect(fits, "size", `at most ${generation.maxPixels} pixels, which is this model's limit`, found);
  return size;
}

function expect(condition: boolean, name: string, expected: string, found: unknown): void {
  if (!condition) throw new InputError(`${name}: expected ${expected}, found ${String(found)}`);
}
