import type { CliContext } from "./context.ts";

/** The context of a real process. A second Ctrl-C, while the first is still being answered, ends the process at once. */
export function processContext(load: CliContext["load"]): CliContext {
  const listeners: (() => void)[] = [];
  let pressed = false;
  const interrupt = (): void => {
    const listener = listeners.at(-1);
    if (pressed || listener === undefined) process.exit(130);
    pressed = true;
    listener();
  };
  process.on("SIGINT", interrupt);
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
      pressed = false;
      listeners.push(listener);
      return () => {
        listeners.splice(listeners.indexOf(listener), 1);
        pressed = false;
      };
    },
  };
}
