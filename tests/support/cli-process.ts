/** The command line as a process of its own, on a model that writes "Once" and then behaves as the prompt says. */
import { processContext } from "../../src/cli/process-context.ts";
import { runCli } from "../../src/cli/run.ts";
import { FakeMogao, type ScriptItem } from "./fake-mogao.ts";

const model = new FakeMogao((prompt, { signal }): ScriptItem[] => {
  signal?.addEventListener("abort", () => process.stderr.write("aborted\n"));
  const [part] = prompt;
  const text = typeof part === "object" && part.type === "text" ? part.text : "";
  if (text === "endless") return Array.from({ length: 100_000 }, () => "Once");
  return ["Once", text === "deaf" ? { pause: true, deaf: true } : { pause: true }];
});

const exitCode = await runCli(
  process.argv.slice(2),
  processContext(() => Promise.resolve(model)),
);
process.stderr.write("returned\n");
process.stdout.write("", () => process.exit(exitCode));
