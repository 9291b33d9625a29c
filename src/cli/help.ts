import type { Command, Help } from "commander";

export const debugHelp = "show where an error comes from";

const examplesOf = new WeakMap<Command, readonly string[]>();

/** Shown at the end of the verb's help. */
export function setExamples(command: Command, examples: readonly string[]): void {
  examplesOf.set(command, examples);
}

/** Denser than commander's own: a verb's help must fit a screen of 24 lines. */
export function formatHelp(command: Command, help: Help): string {
  const verbs = help.visibleCommands(command).map((verb) => [verb.name(), help.subcommandDescription(verb)] as const);
  const options = help.visibleOptions(command).map((option) => [option.flags, help.optionDescription(option)] as const);
  const rows = [...verbs, ...options];
  const width = Math.max(...rows.map(([term]) => term.length)) + 2;
  const lines = [
    `Usage: ${help.commandUsage(command)}`,
    ...(help.commandDescription(command) || command.summary()).split("\n"),
    "",
    ...rows.map(([term, description]) => `  ${term.padEnd(width)}${description}`),
  ];
  const examples = examplesOf.get(command);
  if (examples !== undefined) lines.push("", "Examples:", ...examples.map((example) => `  ${example}`));
  return `${lines.join("\n")}\n`;
}
