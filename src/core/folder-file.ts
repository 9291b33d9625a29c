import { realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { InputError } from "./errors.ts";

/**
 * The path of an entry of a folder that came from elsewhere, whether it exists or not. A symbolic link may not lead out of the folder:
 * a downloaded folder must not choose what is read. The one exception is the cache of Python's hub library, where
 * `snapshots/<commit>/<name>` links to `blobs/<hash>` beside.
 * @throws InputError naming the link and where it leads
 */
export async function fileInFolder(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const found = await realpath(path).catch(() => undefined);
  if (found === undefined) return path;
  const root = await realpath(folder);
  const [, repository] = /^(.+)[\\/]snapshots[\\/][^\\/]+/.exec(root) ?? [];
  const allowed = [root, ...(repository === undefined ? [] : [join(repository, "blobs")])];
  if (!allowed.some((place) => found.startsWith(place.endsWith(sep) ? place : place + sep)))
    throw new InputError(`${path}: expected a file of this folder, found a link that leads out of it, to ${found}`);
  return path;
}
