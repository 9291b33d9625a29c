import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { expectInput, MogaoError } from "../../core/errors.ts";
import type { Sample } from "../sample.ts";
import type { WorldConfig } from "./world-config.ts";
import type { WorkerReply, WorkerRequest } from "./world-worker.ts";

export interface WorldPoolOptions {
  /** Threads. Default 1. */
  readonly workers?: number;
  /** Most samples that are being rendered or wait to be taken. Default 64. */
  readonly ahead?: number;
  /** Index of the first sample. Default 0. */
  readonly start?: number;
}

type Outcome = { readonly sample: Sample } | { readonly error: string };

/**
 * Renders samples ahead of need on worker threads. {@link next} gives them in the order of their indices, the same
 * samples for any number of workers. At most `ahead` samples exist at a time: the workers wait when nobody takes them.
 *
 * A sample that fails makes its `next()` throw a MogaoError with its index and closes the pool.
 */
export class WorldPool implements AsyncIterable<Sample> {
  readonly #workers: Worker[] = [];
  /** Outstanding requests of each worker. */
  readonly #loads: number[];
  readonly #ahead: number;
  readonly #ready = new Map<number, Outcome>();
  /** Index that `next` gives next, and the first index that no worker has been asked for. */
  #taken: number;
  #asked: number;
  #wake: () => void = () => {};
  #busy = false;
  #failure: string | null = null;
  #closed = false;

  constructor(config: WorldConfig, options: WorldPoolOptions = {}) {
    const { workers = 1, ahead = 64, start = 0 } = options;
    for (const [name, value, least] of [
      ["workers", workers, 1],
      ["ahead", ahead, 1],
      ["start", start, 0],
    ] as const) {
      // prettier-ignore
      expectInput(
        Number.isSafeInteger(value) && value >= least,
        `world pool: expected "${name}" to be a whole number of at least ${least}, found ${value}`,
      );
    }
    this.#ahead = ahead;
    this.#taken = start;
    this.#asked = start;
    this.#loads = Array.from({ length: workers }, () => 0);
    // From source the worker is TypeScript, from a build JavaScript.
    const file = new URL(`./world-worker${extname(import.meta.url)}`, import.meta.url);
    for (let id = 0; id < workers; id++) {
      const worker = new Worker(file, { workerData: config });
      worker.on("message", (reply: WorkerReply) => this.#receive(id, reply));
      worker.on("error", (error) => this.#fail(`world worker ${id}: ${error.message}`));
      worker.on("exit", (code) => {
        if (!this.#closed) this.#fail(`world worker ${id}: ended early with code ${code}`);
      });
      this.#workers.push(worker);
    }
    this.#request();
  }

  /** The next sample; waits for it where needed. One call at a time. */
  async next(): Promise<Sample> {
    if (this.#busy) throw new MogaoError("world pool: next() was called before the last one had answered");
    this.#busy = true;
    try {
      const index = this.#taken;
      while (!this.#ready.has(index) && this.#failure === null && !this.#closed) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      const outcome = this.#closed ? undefined : this.#ready.get(index);
      if (outcome === undefined || "error" in outcome) {
        await this.close();
        throw new MogaoError(`sample ${index}: ${outcome?.error ?? this.#failure ?? "the pool is closed"}`);
      }
      this.#ready.delete(index);
      this.#taken++;
      this.#request();
      return outcome.sample;
    } finally {
      this.#busy = false;
    }
  }

  /** Samples without end; leaving the loop closes the pool. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Sample, void> {
    try {
      for (;;) yield await this.next();
    } finally {
      await this.close();
    }
  }

  /** Ends the workers; a waiting or later `next()` throws. May be called again. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#ready.clear();
    this.#wake();
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #request(): void {
    while (!this.#closed && this.#failure === null && this.#asked < this.#taken + this.#ahead) {
      const id = this.#loads.indexOf(Math.min(...this.#loads));
      this.#loads[id]!++;
      const request: WorkerRequest = { index: this.#asked++ };
      this.#workers[id]!.postMessage(request);
    }
  }

  #receive(id: number, reply: WorkerReply): void {
    this.#loads[id]!--;
    this.#ready.set(reply.index, reply);
    this.#wake();
  }

  #fail(reason: string): void {
    this.#failure ??= reason;
    this.#wake();
  }
}
