import { readFile } from "node:fs/promises";

/** Memory of this process, in bytes. */
export interface MemoryUse {
  /** The most that was ever resident, pages of mapped files included. */
  readonly peak: number;
  /** Resident now and its own. */
  readonly own: number;
  /** Resident pages of mapped files, which the system may drop at any time. */
  readonly mapped: number;
}

/** Undefined where there is no /proc. */
export async function memoryUse(): Promise<MemoryUse | undefined> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => undefined);
  if (status === undefined) return undefined;
  const field = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
  return { peak: field("VmHWM"), own: field("RssAnon"), mapped: field("RssFile") };
}
