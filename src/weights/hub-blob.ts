/** Brings one file onto the disk: what is there already is kept, interruptions are survived, and the hash decides. */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { InputError } from "../core/errors.ts";
import type { HubFile } from "./hub-files.ts";
import { sizeOf } from "./hub-cache.ts";

/** Tries in a row that bring nothing before a download gives up. */
const MOST_FRUITLESS = 5;

/** A remote that does not answer well today, but may a moment later. */
export class TransferError extends Error {}

/** A remote that sent the whole file when asked for its rest. */
export class RangeIgnored extends TransferError {}

export interface BlobOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes that came, and those that were there from an earlier attempt. */
  readonly onBytes?: (count: number) => void;
  /** Before the first repetition, in milliseconds; each further one waits twice as long. */
  readonly retryDelay: number;
}

/**
 * Fills `target` with the file's content, from byte `offset` as `read` gives it. Until the hash has been checked the content is in
 * `<target>.partial`, which stays there when the download is aborted or fails, and is continued the next time.
 * @throws InputError naming `place` where the remote keeps failing, or the content is not what its hash says
 */
export async function downloadBlob(
  file: HubFile,
  target: string,
  read: (offset: number) => Promise<AsyncIterable<Uint8Array>>,
  place: string,
  options: BlobOptions,
): Promise<void> {
  const partial = `${target}.partial`;
  await mkdir(dirname(target), { recursive: true });
  // Bytes of an earlier run may be damaged: where the hash says so, all is read once more.
  const resumed = ((await sizeOf(partial)) ?? 0) > 0;
  let found = await fill(file, partial, read, place, options);
  if (found !== file.hash.hex && resumed) {
    await rm(partial, { force: true });
    found = await fill(file, partial, read, place, options);
  }
  if (found !== file.hash.hex) {
    await rm(partial, { force: true });
    throw new InputError(
      `${place}: expected the ${hashName(file)} ${file.hash.hex}, found ${found}; nothing of it is kept`,
    );
  }
  await rename(partial, target);
}

/** Completes the partial file, and returns the hash of all of it. */
async function fill(
  file: HubFile,
  partial: string,
  read: (offset: number) => Promise<AsyncIterable<Uint8Array>>,
  place: string,
  { signal, onBytes, retryDelay }: BlobOptions,
): Promise<string> {
  const present = (await sizeOf(partial)) ?? 0;
  const output = await open(partial, present > 0 && present <= file.size ? "r+" : "w");
  try {
    let hash = startHash(file);
    let done = 0;
    const take = (chunk: Uint8Array) => {
      hash.update(chunk);
      done += chunk.length;
      onBytes?.(chunk.length);
    };
    if (present <= file.size) for await (const chunk of createReadStream(partial)) take(chunk as Uint8Array);
    for (let fruitless = 0; done < file.size;) {
      signal?.throwIfAborted();
      const before = done;
      try {
        for await (const chunk of await read(done)) {
          if (done + chunk.length > file.size) throw new InputError(`${place}: longer than its ${file.size} bytes`);
          await writeAll(output, chunk, done);
          take(chunk);
        }
        if (done < file.size) throw new TransferError("the answer ended early");
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof TransferError)) throw error;
        if (error instanceof RangeIgnored) {
          onBytes?.(-done);
          hash = startHash(file);
          done = 0;
          await output.truncate(0);
        }
        fruitless = done > before ? 0 : fruitless + 1;
        if (fruitless === MOST_FRUITLESS)
          throw new InputError(`${place}: ${error.message}; ${done} of ${file.size} bytes are kept for another try`);
        await delay(retryDelay * 2 ** fruitless, undefined, { signal });
      }
    }
    await output.sync();
    return hash.digest("hex");
  } finally {
    await output.close();
  }
}

function startHash({ hash, size }: HubFile): Hash {
  // Git hashes a content behind its type and length.
  return hash.kind === "sha256" ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
}

function hashName({ hash }: HubFile): string {
  return hash.kind === "sha256" ? "SHA-256" : "Git hash";
}

async function writeAll(output: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await output.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
