import type { LoadOptions, Mogao } from "../generate/types.ts";

/** A text stream to a person or a pipe. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number;
  /** Height of the terminal in lines. */
  readonly rows?: number;
}

/** What a verb may touch of the world outside, so that tests can stand in for it. */
export interface CliContext {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Results. */
  readonly stdout: Output;
  /** Everything for people. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  load(options: LoadOptions): Promise<Mogao>;
  /** Calls the newest listener on Ctrl-C. Returns what takes the listener away. */
  onInterrupt(listener: () => void): () => void;
  /** What Ctrl-C does, for a reader of raw keys that catches it. */
  interrupt(): void;
}

/** Ended by Ctrl-C: exit code 130, no message. */
export class Interrupted extends Error {
  override name = "Interrupted";
}

/** How long aborted work may take to clean up, in milliseconds. */
const patience = 2000;

/**
 * Runs `work`. Ctrl-C aborts its signal and, when the work has ended or {@link patience} is over, throws {@link Interrupted}.
 */
export async function interruptible<T>(context: CliContext, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const givenUp = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const unsubscribe = context.onInterrupt(() => {
    controller.abort(new Interrupted());
    timer ??= setTimeout(() => givenUp.reject(new Interrupted()), patience);
  });
  try {
    const result = await Promise.race([work(controller.signal), givenUp.promise]);
    controller.signal.throwIfAborted();
    return result;
  } catch (error) {
    throw controller.signal.aborted ? new Interrupted() : error;
  } finally {
    clearTimeout(timer);
    unsubscribe();
  }
}
