import { inflateRawSync } from "node:zlib";
import { expectInput, InputError } from "../../core/errors.ts";

/** The files of a ZIP archive by name; each is unpacked when it is asked for. */
export type ZipArchive = ReadonlyMap<string, () => Buffer>;

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_LENGTH = 22;
const ENTRY_LENGTH = 46;
const LOCAL_LENGTH = 30;
/** The end may be followed by a comment of so many bytes. */
const LONGEST_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;
/** Largest file that is unpacked. */
const MOST_BYTES = 512 * 1024 * 1024;

/**
 * Opens a ZIP archive without encryption and ZIP64, as workbooks and PyTorch's files are. (PKWARE, APPNOTE.TXT 4.3.)
 * @throws InputError naming the file where it is no such archive
 */
export function openZip(bytes: Buffer, path: string): ZipArchive {
  const end = findEnd(bytes, path);
  const count = bytes.readUInt16LE(end + 10);
  const files = new Map<string, () => Buffer>();
  let at = bytes.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    expectInput(
      at + ENTRY_LENGTH <= bytes.length && bytes.readUInt32LE(at) === ENTRY,
      `${path}: damaged archive: expected entry ${i + 1} of ${count} at byte ${at}`,
    );
    const method = bytes.readUInt16LE(at + 10);
    const packed = bytes.readUInt32LE(at + 20);
    const size = bytes.readUInt32LE(at + 24);
    const nameLength = bytes.readUInt16LE(at + 28);
    const local = bytes.readUInt32LE(at + 42);
    const name = bytes.toString("utf8", at + ENTRY_LENGTH, at + ENTRY_LENGTH + nameLength);
    files.set(name, () => unpack(bytes, { method, packed, size, local }, `${path}: ${name}`));
    at += ENTRY_LENGTH + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return files;
}

function findEnd(bytes: Buffer, path: string): number {
  const first = Math.max(0, bytes.length - END_LENGTH - LONGEST_COMMENT);
  for (let at = bytes.length - END_LENGTH; at >= first; at--) if (bytes.readUInt32LE(at) === END) return at;
  throw new InputError(`${path}: not a ZIP archive, or cut off`);
}

interface Entry {
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly local: number;
}

function unpack(bytes: Buffer, { method, packed, size, local }: Entry, place: string): Buffer {
  expectInput(size <= MOST_BYTES, `${place}: too large: ${size} bytes, at most ${MOST_BYTES} are read`);
  expectInput(
    local + LOCAL_LENGTH <= bytes.length && bytes.readUInt32LE(local) === LOCAL,
    `${place}: damaged archive: no data at byte ${local}`,
  );
  const start = local + LOCAL_LENGTH + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const data = bytes.subarray(start, start + packed);
  expectInput(data.length === packed, `${place}: damaged archive: cut off`);
  if (method === STORED) return data;
  expectInput(method === DEFLATED, `${place}: packed by method ${method}, which is not read`);
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, size) });
  } catch {
    throw new InputError(`${place}: damaged archive: does not unpack to ${size} bytes`);
  }
}
