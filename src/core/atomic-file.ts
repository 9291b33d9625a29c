import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

let counter = 0;

/**
 * Creates or replaces `path` so that, whenever the process or the machine stops, readers find either the old file or the
 * whole new one: `write` fills a neighbour named `<path>.<pid>-<n>.tmp`, which is flushed to the disk and renamed. If `write` throws, the
 * neighbour is removed and `path` stays as it was. Folders are created as needed.
 */
export async function writeFileAtomic(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  // Unique, so that two writers of one path never share a half-written file; the last rename wins.
  const temporary = `${path}.${process.pid}-${counter++}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Writes bytes (or text as UTF-8) atomically; see {@link writeFileAtomic}. */
export async function writeBytesAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  await writeFileAtomic(path, (file) => file.writeFile(bytes));
}

/** Writes `value` as indented JSON with a final newline, atomically. */
export async function writeJsonAtomic(path: string, value: unknown): Promise<void> {
  await writeBytesAtomic(path, JSON.stringify(value, null, 2) + "\n");
}

/** Makes a rename in `folder` survive a power cut; a system that cannot flush folders (Windows) is left to itself. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
