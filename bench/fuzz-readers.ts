/**
 * Damaged files into the readers of what comes from elsewhere (tests/fuzz/reader-targets.ts): a million headers of safetensors files, a
 * twentieth as many of each other kind. Anything but a value or an InputError is a finding, printed with the text that made it; so is a
 * reading that takes longer than a second. `--rounds N` headers, `--seed N`.
 */
import { parseArgs } from "node:util";
import { InputError } from "../src/core/errors.ts";
import { generator, mutated } from "../tests/fuzz/mutate.ts";
import { readerTargets } from "../tests/fuzz/reader-targets.ts";
import { printTable } from "./measure.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } },
});
const OTHERS = 1 / 20;
const PATIENCE_MS = 1000;

console.warn = () => undefined; // of the tokenizer's library, about fields it does not know
const rows = [];
let findings = 0;
for (const [i, { name, text, read }] of readerTargets.entries()) {
  const below = generator(Number(values.seed));
  const rounds = Math.round(Number(values.rounds) * (i === 0 ? 1 : OTHERS));
  let refused = 0;
  let slowest = 0;
  const begin = performance.now();
  for (let round = 0; round < rounds; round++) {
    const damaged = mutated(text, below);
    const start = performance.now();
    let problem: unknown;
    try {
      read(damaged);
    } catch (error) {
      if (error instanceof InputError) refused++;
      else problem = error;
    }
    const taken = performance.now() - start;
    slowest = Math.max(slowest, taken);
    if (taken > PATIENCE_MS) problem ??= new Error(`took ${Math.round(taken)} ms`);
    if (problem !== undefined) {
      findings++;
      console.log(`FOUND in ${name}: ${String(problem)}: ${JSON.stringify(damaged)}`);
    }
  }
  const seconds = (performance.now() - begin) / 1000;
  rows.push([
    name,
    rounds.toLocaleString("en"),
    `${((100 * refused) / rounds).toFixed(1)}%`,
    `${((1e6 * seconds) / rounds).toFixed(0)} µs`,
    `${slowest.toFixed(0)} ms`,
  ]);
}
printTable(["reader", "texts", "refused", "each", "slowest"], rows);
const { maxRSS } = process.resourceUsage();
console.log(`${findings} findings; ${(maxRSS / 1024).toFixed(0)} MB of memory at most`);
if (findings > 0) process.exitCode = 1;
