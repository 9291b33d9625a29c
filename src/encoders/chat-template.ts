/** Chat templates of checkpoints are programs, in Jinja: this is where they are run. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { InputError } from "../core/errors.ts";
import type { ChatTemplateJob, Rendered } from "./chat-template-job.ts";

/** A real template takes milliseconds, next to no memory, and writes a few thousand characters. */
const PATIENCE_MS = 5000;
const HEAP_MB = 64;
const MOST_OUTPUT_BYTES = 1 << 20;

const SOURCE_EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const child = fileURLToPath(new URL(`./chat-template-child.${SOURCE_EXTENSION}`, import.meta.url));

/**
 * {@link renderJob} for a template from elsewhere. Its language has neither files nor network nor access to ours, but it can loop and grow, and
 * V8 ends a whole process that runs out of memory. So it runs in one of its own: with a small heap, without rights to write or to start
 * others, and for `patience` milliseconds at most. `place` opens the error.
 * @throws InputError where it runs out of time, memory or room for its output
 */
export async function renderChatTemplate(
  job: ChatTemplateJob,
  place: string,
  patience = PATIENCE_MS,
): Promise<readonly Rendered[]> {
  const flags = [`--max-old-space-size=${HEAP_MB}`, "--permission", "--allow-fs-read=*"];
  const running = promisify(execFile)(process.execPath, [...flags, child], {
    env: {},
    timeout: patience,
    killSignal: "SIGKILL",
    maxBuffer: MOST_OUTPUT_BYTES,
  });
  // A process that has ended early does not read; the error that counts is how it ended.
  running.child.stdin!.on("error", () => undefined).end(JSON.stringify(job));
  try {
    return JSON.parse((await running).stdout) as readonly Rendered[];
  } catch (error) {
    const { killed, code, signal } = error as { killed?: boolean; code?: unknown; signal?: unknown };
    const why =
      code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER"
        ? `writes more than ${MOST_OUTPUT_BYTES} bytes`
        : killed
          ? `does not end within ${patience / 1000} seconds`
          : `fails (${signal ?? code})`;
    throw new InputError(`${place}: the chat template ${why}`);
  }
}
