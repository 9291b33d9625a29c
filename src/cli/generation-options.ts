import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { expectInput } from "../core/errors.ts";
import type { GenerateOptions, LoadOptions, OutputMode } from "../generate/types.ts";
import type { Device } from "../runtime/types.ts";
import { debugHelp } from "./help.ts";
import { choiceOption, integerOption, numberOption, sizeOption } from "./option-values.ts";

const outputModes = ["auto", "text", "image"] as const satisfies readonly OutputMode[];
const devices = ["cpu", "webgpu", "cuda"] as const satisfies readonly Device[];

/** What commander collects for a verb that generates. */
export interface GenerationArguments {
  seed?: number;
  steps?: number;
  guidance?: number;
  imageGuidance?: number;
  size?: { width: number; height: number };
  maxImages?: number;
  output?: OutputMode;
  model?: string;
  device?: Device;
  temperature?: number;
  topP?: number;
  out: string;
}

export function addGenerationOptions(command: Command): Command {
  const integer = (name: string, value: string, description: string, least: number, most: number): Command =>
    command.option(`--${name} <${value}>`, description, integerOption(`--${name}`, least, most));
  const number = (name: string, value: string, description: string, least: number, most: number): Command =>
    command.option(`--${name} <${value}>`, description, numberOption(`--${name}`, least, most));
  integer("seed", "N", "same seed, same output (default: random)", 0, 2 ** 32 - 1);
  integer("steps", "N", "denoising steps a picture", 1, 1000);
  number("guidance", "X", "how strongly pictures follow the text", 0, 100);
  number("image-guidance", "X", "how strongly pictures follow earlier pictures", 0, 100);
  command.option("--size <WxH>", "size of drawn pictures in pixels", sizeOption("--size", 16, 4096));
  integer("max-images", "N", "most pictures to draw", 0, 1000);
  command.option("--output <MODE>", `what to emit: ${outputModes.join(", ")}`, choiceOption("--output", outputModes));
  command.option("--model <DIR>", "folder of the model (default: the one included)");
  command.option("--device <NAME>", `where to run: ${devices.join(", ")}`, choiceOption("--device", devices));
  number("temperature", "X", "of the text; 0 always takes the likeliest token", 0, 10);
  number("top-p", "X", "sample text from the likeliest tokens of this share", 0.01, 1);
  command.option("--out <DIR>", "folder for the pictures", "mogao-out");
  return command.option("--debug", debugHelp);
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
  const { seed, steps, guidance, imageGuidance, size, maxImages, output, temperature, topP } = values;
  const options = { seed, steps, guidance, imageGuidance, size, maxImages, output, temperature, topP };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
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
