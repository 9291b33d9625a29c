import type { GenerateEvent, GenerateResult, Generation } from "./types.ts";

/** Does the work of a generation; `signal` aborts it. What it throws is what the generation throws. */
export type GenerationRun = (emit: (event: GenerateEvent) => void, signal: AbortSignal) => Promise<GenerateResult>;

/**
 * Starts a run at once. Its events are kept, so that each iteration sees all of them however late it begins and however
 * slow it is; the run never waits for a reader. Leaving an iteration before the end aborts the run.
 */
export function startGeneration(seed: number, run: GenerationRun, signals: readonly AbortSignal[] = []): Generation {
  return new RunningGeneration(seed, run, signals);
}

class RunningGeneration implements Generation {
  readonly seed: number;
  readonly #events: GenerateEvent[] = [];
  readonly #controller = new AbortController();
  readonly #result: Promise<GenerateResult>;
  #ended = false;
  #news = Promise.withResolvers<void>();

  constructor(seed: number, run: GenerationRun, signals: readonly AbortSignal[]) {
    this.seed = seed;
    const signal = AbortSignal.any([this.#controller.signal, ...signals]);
    const emit = (event: GenerateEvent) => {
      this.#events.push(event);
      this.#announce();
    };
    this.#result = Promise.resolve()
      .then(() => {
        signal.throwIfAborted();
        return run(emit, signal);
      })
      .finally(() => {
        this.#ended = true;
        this.#announce();
      });
    // Who neither awaits nor iterates does not want to know.
    this.#result.catch(() => undefined);
  }

  // oxlint-disable-next-line unicorn/no-thenable -- the contract makes a generation awaitable
  then<Value = GenerateResult, Failure = never>(
    onResult?: ((result: GenerateResult) => Value | PromiseLike<Value>) | null,
    onFailure?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Value | Failure> {
    return this.#result.then(onResult, onFailure);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<GenerateEvent, void, undefined> {
    try {
      for (let at = 0; ;) {
        while (at < this.#events.length) yield this.#events[at++]!;
        if (this.#ended) break;
        await this.#news.promise;
      }
      await this.#result; // throws what the run threw
    } finally {
      this.#controller.abort();
    }
  }

  #announce(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers<void>();
  }
}
