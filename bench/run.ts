/** `npm run bench -- <name> [options]`: runs bench/<name>.ts. Each says in its first lines what it measures. */
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";

const name = process.argv[2] ?? "";
const benches = [
  "training-step",
  "ectf",
  "generate",
  "batch",
  "optimizer",
  "pytorch",
  "denoise",
  "llama",
  "quantised-products",
  "trials",
  "fuzz-readers",
].filter((bench) => readdirSync(import.meta.dirname).includes(`${bench}.ts`));
if (benches.includes(name)) {
  process.argv.splice(2, 1);
  await import(pathToFileURL(`${import.meta.dirname}/${basename(name)}.ts`).href);
} else {
  console.error(`Unknown bench "${name}": expected one of ${benches.join(", ")}.`);
  process.exitCode = 2;
}
