/** Checkpoints from the Hugging Face hub, through its own client library, kept in a folder of ours. */
import { mkdir, statfs } from "node:fs/promises";
import { InputError } from "../core/errors.ts";
import { downloadBlob } from "./hub-blob.ts";
import { RepositoryCache, sizeOf } from "./hub-cache.ts";
import { HubClient } from "./hub-client.ts";
import { neededFiles, type CheckpointKind, type HubFile } from "./hub-files.ts";
import { formatHubReference, type HubReference } from "./hub-reference.ts";

export interface HubProgress {
  readonly file: string;
  /** Bytes that are there, and that all files have. */
  readonly done: number;
  readonly total: number;
}

export interface HubOptions {
  /** Folder of downloads; see {@link RepositoryCache}. */
  readonly cache: string;
  /** Another server with the hub's interface, such as a mirror. */
  readonly endpoint?: string | undefined;
  /** Of an account that may read the repository; begins with `hf_`. */
  readonly token?: string | undefined;
  /** Use only what is in the cache. */
  readonly offline?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: HubProgress) => void;
  /** Before something that failed is tried again, in milliseconds. */
  readonly retryDelay?: number;
}

const RETRY_DELAY = 1000;
/** What is left free on the disk. */
const SPARE_BYTES = 256 * 2 ** 20;

/**
 * The local path of a checkpoint on the hub: downloads what is not in the cache yet. Interrupted downloads go on where they stopped.
 * Every file is checked against the hash that the hub states.
 * @throws InputError where the repository, the space, the network or, with `offline`, a file is lacking
 */
export async function fetchCheckpoint(
  reference: HubReference,
  kind: CheckpointKind,
  options: HubOptions,
): Promise<string> {
  const name = formatHubReference(reference);
  const cache = new RepositoryCache(options.cache, reference.repository);
  const { repository, revision, path } = reference;
  const client = options.offline
    ? undefined
    : await HubClient.open(repository, { ...options, retryDelay: options.retryDelay ?? RETRY_DELAY });
  const commit = client ? await client.commit(revision) : await cache.commitOf(revision);
  const listing = commit === undefined ? undefined : await listingAt(commit, cache, client);
  if (commit === undefined || !listing)
    throw new InputError(`${name}: not in ${cache.folder}; run once without --offline`);
  if (client) await cache.saveCommit(revision, commit);

  const { files, entry } = neededFiles(listing, path, kind, name);
  const lacking: HubFile[] = [];
  for (const file of files) if (!(await cache.has(commit, file))) lacking.push(file);
  if (lacking.length > 0) {
    if (!client) throw new InputError(`${name}: ${cache.folder} lacks ${listed(lacking)}; run once without --offline`);
    await download(client, cache, commit, lacking, name, options);
  }
  return cache.snapshot(commit, entry);
}

async function listingAt(commit: string, cache: RepositoryCache, client: HubClient | undefined) {
  const kept = await cache.listingOf(commit);
  if (kept || !client) return kept;
  const files = await client.files(commit);
  await cache.saveListing(commit, files);
  return files;
}

async function download(
  client: HubClient,
  cache: RepositoryCache,
  commit: string,
  files: readonly HubFile[],
  name: string,
  { signal, onProgress, retryDelay = RETRY_DELAY }: HubOptions,
): Promise<void> {
  await expectSpace(cache, files, name);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const file of files) {
    const blob = cache.blob(file);
    if ((await sizeOf(blob)) === file.size) done += file.size;
    else
      await downloadBlob(file, blob, (offset) => client.read(commit, file.path, offset), `${name}: ${file.path}`, {
        signal,
        retryDelay,
        onBytes: (count) => onProgress?.({ file: file.path, done: (done += count), total }),
      });
    await cache.addToSnapshot(commit, file);
  }
}

async function expectSpace(cache: RepositoryCache, files: readonly HubFile[], name: string): Promise<void> {
  let needed = SPARE_BYTES;
  for (const file of files) {
    const partial = (await sizeOf(`${cache.blob(file)}.partial`)) ?? 0;
    needed += (await sizeOf(cache.blob(file))) === file.size ? 0 : Math.max(0, file.size - partial);
  }
  await mkdir(cache.folder, { recursive: true });
  const { bavail, bsize } = await statfs(cache.folder);
  if (needed > bavail * bsize)
    throw new InputError(
      `${name}: needs ${gigabytes(needed)} in ${cache.folder}, where ${gigabytes(bavail * bsize)} are free; MOGAO_CACHE names another folder`,
    );
}

function listed(files: readonly HubFile[]): string {
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const rest = files.length > 1 ? ` and ${files.length - 1} more` : "";
  return `${files[0]!.path}${rest} (${gigabytes(size)})`;
}

/** Decimal, as disks are sold. */
function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toPrecision(3)} GB`;
}
