import type { Output } from "./context.ts";

const terminalInterval = 100;
const plainInterval = 10_000;

/**
 * One line on stderr that says how far things are. On a terminal it replaces itself, at most ten times a second; elsewhere a plain line
 * is added every ten seconds, none when `quiet`. {@link clear} it before anything else is printed.
 */
export class Progress {
  readonly #output: Output;
  readonly #quiet: boolean;
  readonly #now: () => number;
  #last = -Infinity;
  #shown = false;

  constructor(output: Output, { quiet = false, now = () => performance.now() } = {}) {
    this.#output = output;
    this.#quiet = quiet;
    this.#now = now;
  }

  update(text: string): void {
    const isTerminal = this.#output.isTTY === true;
    if (!isTerminal && this.#quiet) return;
    const now = this.#now();
    if (now - this.#last < (isTerminal ? terminalInterval : plainInterval)) return;
    this.#last = now;
    if (isTerminal) {
      // A line that wraps could not be erased; the last column stays free, as some terminals wrap when it is filled.
      const fitting = [...text].slice(0, (this.#output.columns || 80) - 1).join("");
      this.#output.write(`\r\x1b[2K${fitting}`);
      this.#shown = true;
    } else this.#output.write(`${text}\n`);
  }

  /** Takes the line away; the next update shows at once. */
  clear(): void {
    if (this.#shown) this.#output.write("\r\x1b[2K");
    this.#shown = false;
    if (this.#output.isTTY === true) this.#last = -Infinity;
  }
}
