import type { Command } from "commander";
import { expectInput } from "../core/errors.ts";
import { interruptible, type CliContext } from "./context.ts";
import { follow, type Outcome } from "./follow.ts";
import {
  addGenerationOptions,
  checkFolders,
  generateOptions,
  loadOptions,
  type GenerationArguments,
} from "./generation-options.ts";
import { generateBatch, type BatchArguments } from "./generate-batch.ts";
import { rareOption, setExamples } from "./help.ts";
import { pictureSaver, slug } from "./output-folder.ts";
import { integerOption } from "./option-values.ts";
import { Progress } from "./progress.ts";
import { promptParts } from "./prompt-parts.ts";
import { terminalView } from "./terminal-view.ts";

/** `mogao generate`: one prompt in, text and pictures out, in the order the model decides. */
export function addGenerate(program: Command, context: CliContext): void {
  const command = program
    .command("generate")
    .argument("[parts...]")
    .summary("answer one prompt with text and pictures")
    .description(
      "Writes text and draws pictures, in the order the model decides.\n" +
        "Parts of the prompt, in order: text, or @FILE for an image (@@ for @).",
    )
    .helpOption("-h, --help", "print this help")
    .option("--json", "print one JSON object on stdout and nothing else")
    .option("--samples <N>", "answer N times, with N seeds in a row", integerOption("--samples", 1, 10_000))
    .option("--prompts <FILE>", "answer each of many: one a line, or .jsonl (docs/generation.md)");
  rareOption(
    addGenerationOptions(command),
    "--together <N>",
    "prompts of --prompts whose pictures are drawn in one batch (default: 8)",
    integerOption("--together", 1, 1000),
  );
  command.action((parts: string[], values: GenerateArguments) =>
    values.prompts === undefined
      ? generate(parts, values, context)
      : generateFile(parts, { ...values, prompts: values.prompts }, context),
  );
  setExamples(command, [
    'mogao generate "Draw a red apple. Then make it green."',
    "mogao generate --prompts prompts.txt --seed 7 --out drawn",
  ]);
}

interface GenerateArguments extends GenerationArguments {
  json?: true;
  samples?: number;
  prompts?: string;
  together?: number;
}

async function generateFile(
  parts: readonly string[],
  values: GenerateArguments & BatchArguments,
  context: CliContext,
): Promise<void> {
  expectInput(parts.length === 0, `--prompts: expected no prompt beside it, found ${JSON.stringify(parts[0])}`);
  expectInput(values.samples === undefined, "--prompts: expected no --samples beside it; list a prompt several times");
  await checkFolders(values);
  await generateBatch(values, context);
}

async function generate(
  argumentsInOrder: readonly string[],
  values: GenerateArguments,
  context: CliContext,
): Promise<void> {
  expectInput(values.together === undefined, "--together: expected --prompts beside it, found none");
  const parts = await promptParts(argumentsInOrder);
  const options = generateOptions(values);
  await checkFolders(values);
  const progress = new Progress(context.stderr, { quiet: values.json === true });
  const name = slug(parts.map((part) => (part.type === "text" ? part.text : "")).join(" "));
  const output = {
    save: pictureSaver(values.out, name),
    ...(values.json !== true && { view: terminalView(context) }),
    progress,
  };
  const outcomes = await interruptible(context, async (signal) => {
    progress.update("loading the model");
    const model = await context.load(loadOptions(values)).finally(() => progress.clear());
    signal.throwIfAborted();
    try {
      const given = { ...options, signal };
      const generations =
        values.samples === undefined ? [model.generate(parts, given)] : model.samples(parts, values.samples, given);
      const followed: Outcome[] = [];
      for (const generation of generations) {
        followed.push(await follow(generation, output));
        if (values.json !== true) context.stderr.write(`seed ${generation.seed}\n`);
      }
      return followed;
    } finally {
      model.dispose();
    }
  });
  const result = values.samples === undefined ? outcomes[0] : { samples: outcomes };
  if (values.json === true) context.stdout.write(`${JSON.stringify(result)}\n`);
}
