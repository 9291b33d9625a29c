#!/usr/bin/env node
import type { LoadOptions, Mogao } from "../generate/types.ts";
import { processContext } from "./process-context.ts";
import { runCli } from "./run.ts";

// Loaded late: help and bad arguments should not wait for ONNX Runtime.
const load = async (options: LoadOptions): Promise<Mogao> => {
  const library = (await import("../index.ts")) as unknown as { load(options: LoadOptions): Promise<Mogao> };
  return library.load(options);
};

const exitCode = await runCli(process.argv.slice(2), processContext(load));
// Native threads may keep the event loop alive: leave when everything is written.
process.stdout.write("", () => process.exit(exitCode));
