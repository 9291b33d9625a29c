import type { Command } from "commander";
import { interruptible, type CliContext } from "./context.ts";
import { follow } from "./follow.ts";
import {
  addGenerationOptions,
  checkFolders,
  generateOptions,
  loadOptions,
  type GenerationArguments,
} from "./generation-options.ts";
import { setExamples } from "./help.ts";
import { slug } from "./output-folder.ts";
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
    .option("--json", "print one JSON object on stdout and nothing else");
  addGenerationOptions(command).action((parts: string[], values: GenerationArguments & { json?: true }) =>
    generate(parts, values, context),
  );
  setExamples(command, [
    'mogao generate "Draw a red apple. Then make it green."',
    'mogao generate "How many animals are there?" @zoo.png',
    'mogao generate "Draw a cat." --seed 7 --size 96x96 --json',
  ]);
}

async function generate(
  argumentsInOrder: readonly string[],
  values: GenerationArguments & { json?: true },
  context: CliContext,
): Promise<void> {
  const parts = await promptParts(argumentsInOrder);
  const options = generateOptions(values);
  await checkFolders(values);
  const progress = new Progress(context.stderr, { quiet: values.json === true });
  const outcome = await interruptible(context, async (signal) => {
    progress.update("loading the model");
    const model = await context.load(loadOptions(values)).finally(() => progress.clear());
    signal.throwIfAborted();
    try {
      return await follow(model.generate(parts, { ...options, signal }), {
        folder: values.out,
        name: slug(parts.map((part) => (part.type === "text" ? part.text : "")).join(" ")),
        ...(values.json !== true && { view: terminalView(context) }),
        progress,
      });
    } finally {
      model.dispose();
    }
  });
  if (values.json === true) context.stdout.write(`${JSON.stringify(outcome)}\n`);
  else context.stderr.write(`seed ${outcome.seed}\n`);
}
