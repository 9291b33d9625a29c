/** A Python script of this folder that says something once it is ready and answers each line with milliseconds. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { InputError } from "../../src/core/errors.ts";

export interface PythonTimer {
  /** The first line: torch's version and the number of parameters. */
  readonly greeting: string;
  milliseconds(request: string): Promise<number>;
  end(): void;
}

/** @throws InputError where `python` cannot be run or has no torch */
export async function startPython(python: string, script: string, args: readonly string[]): Promise<PythonTimer> {
  const child = spawn(python, [`${import.meta.dirname}/${script}`, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  child.on("error", (error) => {
    throw new InputError(`--python: ${python} cannot be run: ${error.message}`);
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done)
      throw new InputError(`--python: ${python} ended early: expected one that has torch (pip install torch numpy)`);
    return value;
  };
  return {
    greeting: await answer(),
    milliseconds: async (request) => {
      child.stdin.write(`${request}\n`);
      return Number(await answer());
    },
    end: () => void child.stdin.end(),
  };
}
