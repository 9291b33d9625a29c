import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writeBytesAtomic } from "../core/atomic-file.ts";
import type { StepRecord } from "./reporter.ts";

/** Appends one JSON object a line. Lines of steps after `step` are dropped first: a resumed run makes them again. */
export class MetricsLog {
  readonly #file: number;

  static async open(path: string, step: number): Promise<MetricsLog> {
    const text = await readFile(path, "utf8").catch(() => "");
    if (text !== "") {
      const kept = text.split("\n").filter((line) => stepOf(line) <= step);
      await writeBytesAtomic(path, kept.map((line) => `${line}\n`).join(""));
    }
    mkdirSync(dirname(path), { recursive: true });
    return new MetricsLog(openSync(path, "a"));
  }

  private constructor(file: number) {
    this.#file = file;
  }

  write(record: StepRecord): void {
    writeSync(this.#file, `${JSON.stringify(record)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Infinity for a line that is none of ours, such as one cut short by a kill. */
function stepOf(line: string): number {
  try {
    return Number((JSON.parse(line) as { step?: unknown }).step ?? Infinity);
  } catch {
    return Infinity;
  }
}
