import { Readable } from "node:stream";
import type { CliContext, Output } from "../../src/cli/context.ts";
import { runCli } from "../../src/cli/run.ts";
import type { LoadOptions, Mogao } from "../../src/generate/types.ts";

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly loads: readonly LoadOptions[];
}

export interface CliWorld {
  readonly model?: Mogao;
  readonly env?: Readonly<Record<string, string>>;
  readonly isTTY?: boolean;
  /** Lines typed at the program. */
  readonly input?: readonly string[];
  /** Called with the function that presses Ctrl-C, before the program starts. */
  readonly control?: (pressCtrlC: () => void) => void;
  /** Called with what is written on stdout, as it is. */
  readonly onStdout?: (text: string) => void;
}

/** Runs the command line in this process, with streams, environment, model and Ctrl-C of the test's own. */
export async function runFakeCli(argv: readonly string[], world: CliWorld = {}): Promise<CliRun> {
  const loads: LoadOptions[] = [];
  const listeners: (() => void)[] = [];
  const written = { stdout: "", stderr: "" };
  const output = (name: "stdout" | "stderr"): Output => ({
    isTTY: world.isTTY ?? false,
    columns: 80,
    rows: 24,
    write: (text) => {
      written[name] += text;
      if (name === "stdout") world.onStdout?.(text);
    },
  });
  const interrupt = (): void => listeners.at(-1)?.();
  const context: CliContext = {
    stdin: Readable.from((world.input ?? []).map((line) => `${line}\n`)),
    stdout: output("stdout"),
    stderr: output("stderr"),
    env: world.env ?? {},
    load: (options) => {
      loads.push(options);
      if (world.model === undefined) throw new Error("this test was not to load a model");
      return Promise.resolve(world.model);
    },
    onInterrupt: (listener) => {
      listeners.push(listener);
      return () => void listeners.splice(listeners.indexOf(listener), 1);
    },
    interrupt,
  };
  world.control?.(interrupt);
  const code = await runCli(argv, context);
  return { code, ...written, loads };
}
