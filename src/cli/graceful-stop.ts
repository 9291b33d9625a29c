import type { CliContext } from "./context.ts";

export interface GracefulStop {
  readonly signal: AbortSignal;
  release(): void;
}

/** For work that ends with a checkpoint: Ctrl-C and SIGTERM abort the signal, which may take a while; once more ends the process. */
export function gracefulStop(context: Pick<CliContext, "stderr" | "onInterrupt">): GracefulStop {
  const interruption = new AbortController();
  const stop = () => {
    if (interruption.signal.aborted) process.exit(130);
    context.stderr.write("\nstopping after this step; Ctrl-C again stops at once\n");
    interruption.abort();
  };
  const unsubscribe = context.onInterrupt(stop);
  process.on("SIGTERM", stop);
  return {
    signal: interruption.signal,
    release() {
      process.off("SIGTERM", stop);
      unsubscribe();
    },
  };
}
