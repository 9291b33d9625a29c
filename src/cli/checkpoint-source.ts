import { stat } from "node:fs/promises";
import { InputError } from "../core/errors.ts";
import { fetchCheckpoint } from "../weights/hub.ts";
import { defaultCacheFolder } from "../weights/hub-cache.ts";
import type { CheckpointKind } from "../weights/hub-files.ts";
import { formatHubReference, parseHubReference } from "../weights/hub-reference.ts";
import { interruptible, type CliContext } from "./context.ts";
import { Progress } from "./progress.ts";

export const offlineHelp = "use what was downloaded before, ask nothing";

/**
 * The path of a checkpoint that is given as a path or by its name on the hub ({@link parseHubReference}), from where it is downloaded
 * unless it is here already. What exists under a path is never asked of the hub.
 */
export async function checkpointPath(
  given: string,
  kind: CheckpointKind,
  { offline }: { readonly offline?: boolean | undefined },
  context: CliContext,
): Promise<string> {
  const exists = await stat(given).then(
    () => true,
    () => false,
  );
  const reference = exists ? undefined : parseHubReference(given);
  if (!reference) return given;
  const { env, stderr } = context;
  const name = formatHubReference(reference);
  const progress = new Progress(stderr);
  const start = { time: performance.now(), done: undefined as number | undefined };
  try {
    return await interruptible(context, (signal) =>
      fetchCheckpoint(reference, kind, {
        cache: defaultCacheFolder(env),
        endpoint: env["HF_ENDPOINT"] || undefined,
        token: env["HF_TOKEN"] || undefined,
        offline: offline === true || env["HF_HUB_OFFLINE"] === "1",
        signal,
        onProgress: ({ file, done, total }) => {
          start.done ??= done;
          const rate = (done - start.done) / (performance.now() - start.time);
          progress.update(
            `${name}: ${file}, ${megabytes(done)} of ${megabytes(total)} MB, ${(rate / 1000).toFixed(1)} MB/s`,
          );
        },
      }),
    );
  } catch (error) {
    if (error instanceof InputError && !given.startsWith("hf:"))
      throw new InputError(`${error.message} (and there is no ${given} on this machine)`);
    throw error;
  } finally {
    progress.clear();
  }
}

const megabytes = (bytes: number) => Math.round(bytes / 1e6).toLocaleString("en");
