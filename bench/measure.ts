/** Timing for benches: things that are compared run in turn, round after round, in one process. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { InputError } from "../src/core/errors.ts";

export interface BenchOptions {
  readonly threads: number;
  readonly rounds: number;
  /** Wall time; or processor time, which neighbours on a shared machine disturb little (use it with one thread). */
  readonly clock: "wall" | "processor";
}

/** `--threads N --rounds N --clock wall|processor` */
export function benchOptions(rounds: number): BenchOptions {
  const { values } = parseArgs({
    options: {
      threads: { type: "string", default: String(availableParallelism()) },
      rounds: { type: "string", default: String(rounds) },
      clock: { type: "string", default: "wall" },
    },
  });
  const count = (name: "threads" | "rounds") => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1)
      throw new InputError(`--${name}: expected a positive integer, found "${values[name]}".`);
    return value;
  };
  if (values.clock !== "wall" && values.clock !== "processor")
    throw new InputError(`--clock: expected wall or processor, found "${values.clock}".`);
  return { threads: count("threads"), rounds: count("rounds"), clock: values.clock };
}

/** Milliseconds. */
function now(clock: BenchOptions["clock"]): number {
  if (clock === "wall") return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Milliseconds that each piece of work takes, one time for each round. All run in turn; the first round warms up and does
 * not count.
 */
export async function inTurn<K extends string>(
  work: Readonly<Record<K, () => Promise<unknown>>>,
  { rounds, clock }: Pick<BenchOptions, "rounds" | "clock">,
): Promise<Record<K, number[]>> {
  const names = Object.keys(work) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const start = now(clock);
      await work[name]();
      const taken = now(clock) - start;
      if (round > 0) times[name].push(taken);
    }
  return times;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Prints rows under a heading, numbers to the right. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = heading.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  for (const row of [heading, ...rows])
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join("  "),
    );
}
