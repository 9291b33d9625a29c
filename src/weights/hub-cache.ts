/**
 * Downloads on disk, one folder a repository:
 *
 *     refs/<revision>.json         the commit that a branch or tag was last seen at
 *     listings/<commit>.json       the repository's files at a commit
 *     blobs/<hash>                 contents, each checked against its hash before it gets this name; <hash>.partial until then
 *     snapshots/<commit>/<path>    hard links to blobs: a checkpoint folder that any reader opens
 */
import { copyFile, link, mkdir, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { writeJsonAtomic } from "../core/atomic-file.ts";
import { InputError } from "../core/errors.ts";
import { readJsonIfPresent } from "../core/json-file.ts";
import type { HubFile } from "./hub-files.ts";

const commitSchema = z.strictObject({ commit: z.string().regex(/^[0-9a-f]{40}$/) });
const listingSchema = z.array(
  z.strictObject({
    path: z.string(),
    size: z.int().min(0),
    hash: z.strictObject({ kind: z.enum(["sha256", "git"]), hex: z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/) }),
  }),
);

/** `MOGAO_CACHE`, or `mogao` in the user's folder of caches. */
export function defaultCacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const { MOGAO_CACHE: own, XDG_CACHE_HOME: shared } = env;
  return own || join(shared || join(homedir(), ".cache"), "mogao");
}

/** What is kept of one repository. Files of it that cannot be read or make no sense count as absent. */
export class RepositoryCache {
  readonly folder: string;

  constructor(cache: string, repository: string) {
    this.folder = join(cache, "hub", ...repository.split("/"));
  }

  async commitOf(revision: string): Promise<string | undefined> {
    const parsed = commitSchema.safeParse(await readIfWhole(this.#ref(revision)));
    return parsed.data?.commit;
  }

  async saveCommit(revision: string, commit: string): Promise<void> {
    await writeJsonAtomic(this.#ref(revision), { commit });
  }

  async listingOf(commit: string): Promise<readonly HubFile[] | undefined> {
    return listingSchema.safeParse(await readIfWhole(this.#listing(commit))).data;
  }

  async saveListing(commit: string, files: readonly HubFile[]): Promise<void> {
    await writeJsonAtomic(this.#listing(commit), files);
  }

  /** Where readers find a file, or with an empty path the whole commit. */
  snapshot(commit: string, path = ""): string {
    return join(this.folder, "snapshots", commit, path);
  }

  blob({ hash }: HubFile): string {
    return join(this.folder, "blobs", hash.hex);
  }

  /** Whether the file is in the snapshot, as long as it should be. */
  async has(commit: string, file: HubFile): Promise<boolean> {
    return (await sizeOf(this.snapshot(commit, file.path))) === file.size;
  }

  /** Puts a finished blob into a snapshot; by copy where the file system knows no hard links. */
  async addToSnapshot(commit: string, file: HubFile): Promise<void> {
    const target = this.snapshot(commit, file.path);
    await mkdir(dirname(target), { recursive: true });
    await rm(target, { force: true });
    await link(this.blob(file), target).catch(() => copyFile(this.blob(file), target));
  }

  #ref(revision: string): string {
    return join(this.folder, "refs", `${encodeURIComponent(revision)}.json`);
  }

  #listing(commit: string): string {
    return join(this.folder, "listings", `${commit}.json`);
  }
}

async function readIfWhole(path: string): Promise<unknown> {
  try {
    return await readJsonIfPresent(path);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** Undefined where there is no such file. */
export async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
