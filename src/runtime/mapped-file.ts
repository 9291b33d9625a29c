/** Files as memory: nothing is read before it is used, and the system may drop what has been. */
import { open } from "node:fs/promises";
import { openKoffi, type Koffi } from "./native-library.ts";

/** <sys/mman.h>; the last one differs between systems. */
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_PRIVATE = 2;
const MAP_NORESERVE: Readonly<Partial<Record<NodeJS.Platform, number>>> = { linux: 0x4000, darwin: 0x40 };
/** What mmap returns when it fails: (void *) -1. */
const MAP_FAILED = 2n ** 64n - 1n;

/** The same everywhere, of madvise. */
const MADV_DONTNEED = 4;
/** The largest that systems have: ranges that are given back begin and end at its multiples. */
const LARGEST_PAGE = 2 ** 16;

type Unmap = (address: bigint, length: number) => number;

interface MemoryMapping {
  readonly koffi: Koffi;
  readonly mmap: (
    hint: null,
    length: number,
    protection: number,
    flags: number,
    file: number,
    offset: number,
  ) => bigint;
  readonly munmap: Unmap;
  readonly madvise: (address: bigint, length: number, advice: number) => number;
}

let mapping: Promise<MemoryMapping | undefined> | undefined;

/** A mapping lasts as long as its buffer: no view of it can outlive it. */
const unmapped = new FinalizationRegistry<{ unmap: Unmap; address: bigint; length: number }>(
  ({ unmap, address, length }) => void unmap(address, length),
);

/** Of each mapping, by its buffer: gives a range back to the system. */
const droppers = new WeakMap<ArrayBufferLike, (offset: number, length: number) => void>();

/**
 * Lets the system have the memory of what was read of a mapped file, until it is used again. Nobody may have written to it: that would
 * be lost. Does nothing to other memory.
 */
export function dropPages({ buffer, byteOffset, byteLength }: ArrayBufferView): void {
  droppers.get(buffer)?.(byteOffset, byteLength);
}

/**
 * The whole file as an `ArrayBuffer` that is read from the disk page by page as it is used, and unmapped when nothing refers to
 * it any more. Writing to it changes this copy alone. Undefined where files cannot be mapped (Windows, no koffi, an empty
 * file): read them then. Whoever may have mapped a file must not be cut short in place; replace it instead (core/atomic-file.ts).
 */
export async function mapFile(path: string): Promise<ArrayBuffer | undefined> {
  const system = await (mapping ??= findMapping());
  const noReserve = MAP_NORESERVE[process.platform];
  if (!system || noReserve === undefined) return undefined;
  const file = await open(path, "r");
  try {
    const length = (await file.stat()).size;
    if (length === 0) return undefined;
    const address = system.mmap(null, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | noReserve, file.fd, 0);
    if (address === MAP_FAILED) return undefined;
    const buffer = system.koffi.view(address, length) as ArrayBuffer;
    unmapped.register(buffer, { unmap: system.munmap, address, length });
    droppers.set(buffer, (offset, size) => {
      const start = Math.ceil(offset / LARGEST_PAGE) * LARGEST_PAGE;
      const end = Math.floor((offset + size) / LARGEST_PAGE) * LARGEST_PAGE;
      if (end > start) system.madvise(address + BigInt(start), end - start, MADV_DONTNEED);
    });
    return buffer;
  } finally {
    // A mapping outlives the descriptor that it was made from.
    await file.close();
  }
}

/** The C library's functions, which the process has loaded already. */
async function findMapping(): Promise<MemoryMapping | undefined> {
  try {
    const koffi = await openKoffi();
    const library = koffi.load(null);
    return {
      koffi,
      mmap: library.func("mmap", "void *", [
        "void *",
        "size_t",
        "int",
        "int",
        "int",
        "int64_t",
      ]) as MemoryMapping["mmap"],
      munmap: library.func("munmap", "int", ["void *", "size_t"]) as MemoryMapping["munmap"],
      madvise: library.func("madvise", "int", ["void *", "size_t", "int"]) as MemoryMapping["madvise"],
    };
  } catch {
    return undefined;
  }
}
