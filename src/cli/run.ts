import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { isMogaoError } from "../core/errors.ts";
import { ablateCommand } from "./ablate.ts";
import { benchCommand } from "./bench.ts";
import { addChat } from "./chat.ts";
import { Interrupted, type CliContext } from "./context.ts";
import { convertCommand } from "./convert.ts";
import { dataCommand } from "./data.ts";
import { evalCommand } from "./eval.ts";
import { addGenerate } from "./generate.ts";
import { debugHelp, formatHelp } from "./help.ts";
import { initCommand } from "./init.ts";
import { inspectCommand } from "./inspect.ts";
import { trainCommand } from "./train.ts";

/**
 * Runs one command line (without `node` and the script) and returns the exit code: 0; 2 for bad input of any kind, after one line
 * on stderr; 130 after Ctrl-C; 1 for an error of our own. `--debug` adds the stack.
 */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  try {
    await createProgram(context).parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (error instanceof Interrupted) return 130;
    // A group of verbs without one: its help is on stderr already.
    if (error instanceof CommanderError && error.code === "commander.help") return 2;
    const isInput = isMogaoError(error) || error instanceof CommanderError;
    const debug = argv.includes("--debug");
    const message = error instanceof Error ? error.message.replace(/^error: /, "") : String(error);
    const line = message.replaceAll(/\s*\n\s*/g, " ").trim();
    context.stderr.write(
      `mogao: ${isInput ? line : `internal error: ${line}${debug ? "" : " (--debug shows where)"}`}\n`,
    );
    if (debug && error instanceof Error) context.stderr.write(`${error.stack}\n`);
    return isInput ? 2 : 1;
  }
}

function createProgram(context: CliContext): Command {
  const program = new Command("mogao")
    .usage("VERB [options]")
    .description("Reads and writes interleaved text and images with one model.")
    .version(version(), "--version", "print the version")
    .helpOption("-h, --help", "print this help; mogao VERB --help for a verb's options")
    .helpCommand(false)
    .configureHelp({ formatHelp })
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      // Reported in runCli, like all other errors.
      outputError: () => undefined,
    })
    .exitOverride()
    .action((_options: object, command: Command) => {
      const [verb] = command.args;
      if (verb !== undefined) command.error(`unknown verb '${verb}'; mogao --help lists the verbs`);
      command.outputHelp();
    });
  addGenerate(program, context);
  addChat(program, context);
  program.addCommand(adopt(dataCommand(), program));
  program.addCommand(adopt(trainCommand(context), program));
  program.addCommand(adopt(evalCommand(context), program));
  program.addCommand(adopt(ablateCommand(context), program));
  program.addCommand(adopt(convertCommand(context), program));
  program.addCommand(adopt(initCommand(context), program));
  program.addCommand(adopt(inspectCommand(context), program));
  program.addCommand(adopt(benchCommand(context), program));
  // After the verbs, which would inherit it: so that the action above sees an unknown verb.
  return program.allowExcessArguments();
}

/** Gives a verb that was made apart, and its own verbs, the program's ways. */
function adopt(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent).helpOption("-h, --help", "print this help").helpCommand(false);
  for (const verb of command.commands) adopt(verb, command);
  return command.commands.length > 0 ? command : command.option("--debug", debugHelp);
}

/** Of the package, which lies two folders up from src/cli and dist/cli alike. */
function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
