import { parentPort, workerData } from "node:worker_threads";
import type { Sample } from "../sample.ts";
import type { WorldConfig } from "./world-config.ts";
import { WorldStream } from "./world-stream.ts";

/** From the pool: render the sample at this index. */
export interface WorkerRequest {
  readonly index: number;
}

/** To the pool: the sample, its pixels transferred; or why there is none. */
export type WorkerReply =
  { readonly index: number; readonly sample: Sample } | { readonly index: number; readonly error: string };

const port = parentPort;
if (port === null) throw new Error("world-worker runs as a worker thread");

const opening = WorldStream.open(workerData as WorldConfig);
// Reported with the sample that needs it, not as a crash before one is asked for.
opening.catch(() => undefined);

port.on("message", ({ index }: WorkerRequest) => void render(index));

async function render(index: number): Promise<void> {
  let reply: WorkerReply;
  try {
    reply = { index, sample: (await opening).sample(index) };
  } catch (error) {
    reply = { index, error: error instanceof Error ? error.message : String(error) };
  }
  port!.postMessage(reply, "sample" in reply ? pixelsOf(reply.sample) : []);
}

/** The buffers of a sample's pictures, each once. */
function pixelsOf(sample: Sample): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const item of sample.items) {
    if (item.type === "image") buffers.add(item.image.data.buffer as ArrayBuffer);
  }
  return [...buffers];
}
