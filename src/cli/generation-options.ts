import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { expectInput } from "../core/errors.ts";
import { drawAfter } from "../generate/next-part.ts";
import type { GenerateOptions, LoadOptions, OutputMode, PictureSize } from "../generate/types.ts";
import { renormalisationKinds } from "../model/guidance.ts";
import type { Device } from "../runtime/types.ts";
import { addHelpAll, debugHelp, rareOption } from "./help.ts";
import { choiceOption, integerOption, intervalOption, numberOption, sizeOption } from "./option-values.ts";

const outputModes = ["auto", "text", "image"] as const satisfies readonly OutputMode[];
const drawingUnits = ["text", "paragraph"] as const;
const devices = ["cpu", "webgpu", "cuda"] as const satisfies readonly Device[];

/** What commander collects for a verb that generates. */
export interface GenerationArguments {
  seed?: number;
  steps?: number;
  guidance?: number;
  imageGuidance?: number;
  size?: { size: PictureSize } | { aspect: string };
  maxImages?: number;
  output?: OutputMode;
  drawAfter?: (typeof drawingUnits)[number];
  think?: true;
  thinkPrompt?: string;
  model?: string;
  device?: Device;
  temperature?: number;
  topP?: number;
  maxTokens?: number;
  shift?: number;
  guidanceInterval?: [number, number];
  renorm?: (typeof renormalisationKinds)[number] | "none";
  renormMin?: number;
  out: string;
}

export function addGenerationOptions(command: Command): Command {
  command
    .option("--seed <N>", "same seed, same output (default: random)", integerOption("--seed", 0, 2 ** 32 - 1))
    .option("--steps <N>", "denoising steps a picture", integerOption("--steps", 1, 1000))
    .option("--guidance <X>", "how strongly pictures follow the text", numberOption("--guidance", 0, 100))
    .option("--size <SIZE>", "of drawn pictures: 96x64 pixels, or a shape such as 16:9", sizeOption("--size", 16, 4096))
    .option("--max-images <N>", "most pictures to draw", integerOption("--max-images", 0, 1000))
    .option("--output <MODE>", `what to emit: ${outputModes.join(", ")}`, choiceOption("--output", outputModes))
    .option(
      "--draw-after <UNIT>",
      "draw after each text or paragraph, whatever the model wants",
      choiceOption("--draw-after", drawingUnits),
    )
    .option("--think", "let the model write down its thoughts first")
    .option("--model <DIR>", "folder of the model (default: the one included)")
    .option("--out <DIR>", "folder for the pictures", "mogao-out");
  addHelpAll(command.option("--debug", debugHelp));
  rareOption(
    command,
    "--image-guidance <X>",
    "how strongly pictures follow earlier pictures",
    numberOption("--image-guidance", 0, 100),
  );
  rareOption(command, "--device <NAME>", `where to run: ${devices.join(", ")}`, choiceOption("--device", devices));
  rareOption(
    command,
    "--temperature <X>",
    "of the text; 0 takes the likeliest token",
    numberOption("--temperature", 0, 10),
  );
  rareOption(
    command,
    "--top-p <X>",
    "sample text from the likeliest tokens of this share",
    numberOption("--top-p", 0.01, 1),
  );
  rareOption(command, "--max-tokens <N>", "most text tokens to write", integerOption("--max-tokens", 1, 1_000_000));
  rareOption(command, "--shift <X>", "above 1: more steps near the noise", numberOption("--shift", 0.01, 100));
  rareOption(
    command,
    "--guidance-interval <FROM:TO>",
    "shares of noise between which guidance is on, such as 0.4:1",
    intervalOption("--guidance-interval"),
  );
  const renormalisations = ["none", ...renormalisationKinds] as const;
  rareOption(
    command,
    "--renorm <KIND>",
    `keep guided velocities short: ${renormalisations.join(", ")}`,
    choiceOption("--renorm", renormalisations),
  );
  rareOption(command, "--renorm-min <X>", "least factor of --renorm (default: 0)", numberOption("--renorm-min", 0, 1));
  rareOption(command, "--think-prompt <TEXT>", "think under this system prompt", (text) => text);
  return command;
}

/** Checked before the model is loaded, so that a mistake is told at once. */
export async function checkFolders({ model, out }: GenerationArguments): Promise<void> {
  if (model !== undefined)
    expectInput(await isFolder(model), `--model: expected a folder, found ${await describe(model)}`);
  const found = await describe(out);
  expectInput(found.startsWith("nothing") || (await isFolder(out)), `--out: expected a folder, found ${found}`);
}

export function loadOptions({ model, device }: GenerationArguments): LoadOptions {
  return { ...(model !== undefined && { model }), ...(device !== undefined && { device }) };
}

export function generateOptions(values: GenerationArguments): GenerateOptions {
  const { seed, steps, guidance, imageGuidance, size, maxImages, output, temperature, topP, maxTokens } = values;
  const { shift, guidanceInterval, renorm, renormMin } = values;
  expectInput(
    renormMin === undefined || (renorm !== undefined && renorm !== "none"),
    `--renorm-min: expected --renorm ${renormalisationKinds.join(", ")} beside it, found ${renorm ?? "none"}`,
  );
  const guidanceRenormalisation =
    renorm === undefined || renorm === "none" ? renorm : { over: renorm, least: renormMin ?? 0 };
  const { drawAfter: unit, think, thinkPrompt } = values;
  expectInput(
    unit === undefined || output === undefined || output === "auto",
    `--output: expected auto beside --draw-after, found ${output}`,
  );
  const nextPart = unit && drawAfter(unit);
  const options = { seed, steps, guidance, ...size, maxImages, output, nextPart, think: thinkPrompt ?? think };
  const drawing = { imageGuidance, shift, guidanceInterval, guidanceRenormalisation };
  const writing = { temperature, topP, maxTokens };
  return Object.fromEntries(
    Object.entries({ ...options, ...drawing, ...writing }).filter(([, value]) => value !== undefined),
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

async function describe(path: string): Promise<string> {
  return stat(path).then(
    (entry) => `a ${entry.isDirectory() ? "folder" : "file"} at ${path}`,
    () => `nothing at ${path}`,
  );
}
