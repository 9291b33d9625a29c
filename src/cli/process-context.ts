import type { CliContext } from "./context.ts";

/**
 * The context of a real process. Ctrl-C is caught only while somebody listens; a second one, while the first is still being answered, ends
 * the process at once.
 */
export function processContext(load: CliContext["load"]): CliContext {
  const listeners: (() => void)[] = [];
  let pressed = false;
  const interrupt = (): void => {
    if (pressed) process.exit(130);
    pressed = true;
    listeners.at(-1)?.();
  };
  // A reader that has gone away (`mogao … | head`) is no error of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    load,
    interrupt,
    onInterrupt(listener) {
      if (listeners.length === 0) process.on("SIGINT", interrupt);
      pressed = false;
      listeners.push(listener);
      return () => {
        listeners.splice(listeners.indexOf(listener), 1);
        pressed = false;
        if (listeners.length === 0) process.off("SIGINT", interrupt);
      };
    },
  };
}
