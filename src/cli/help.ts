import { Option, type Command, type Help } from "commander";

export const debugHelp = "show where an error comes from";

const examplesOf = new WeakMap<Command, readonly string[]>();

/** Shown at the end of the verb's help. */
export function setExamples(command: Command, examples: readonly string[]): void {
  examplesOf.set(command, examples);
}

const completed = new WeakSet<Command>();

/** Adds an option that only `--help-all` shows, so that the verb's help stays on one screen. */
export function rareOption<T>(
  command: Command,
  flags: string,
  description: string,
  parse: (text: string) => T,
): Command {
  return command.addOption(new Option(flags, description).argParser(parse).hideHelp());
}

/** Adds `--help-all`. */
export function addHelpAll(command: Command): Command {
  command.on("option:help-all", () => {
    completed.add(command);
    command.help();
  });
  return command.option("--help-all", "print the rarer options too");
}

/** Of all help, in characters. */
const WIDTH = 100;

/** Denser than commander's own: a verb's help must fit a screen of 24 lines. */
export function formatHelp(command: Command, help: Help): string {
  const verbs = help.visibleCommands(command).map((verb) => [verb.name(), help.subcommandDescription(verb)] as const);
  const rare = completed.has(command) ? command.options.filter(({ hidden }) => hidden) : [];
  const shown = [...help.visibleOptions(command), ...rare];
  const options = shown.map((option) => [option.flags, help.optionDescription(option)] as const);
  const rows = [...verbs, ...options];
  const column = Math.max(...rows.map(([term]) => term.length)) + 4;
  const lines = [
    `Usage: ${help.commandUsage(command)}`,
    help.boxWrap(help.commandDescription(command) || command.summary(), WIDTH),
    "",
    ...rows.map(([term, description]) => {
      const wrapped = help.boxWrap(description, WIDTH - column).replaceAll("\n", `\n${" ".repeat(column)}`);
      return `  ${term}`.padEnd(column) + wrapped;
    }),
  ];
  const examples = examplesOf.get(command);
  if (examples !== undefined) lines.push("", "Examples:", ...examples.map((example) => `  ${example}`));
  return `${lines.join("\n")}\n`;
}
