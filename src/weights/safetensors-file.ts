import { open, stat, type FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { InputError } from "../core/errors.ts";
import type { TensorPlace } from "../onnx/emit.ts";
import { convertsToFloat32, convertToFloat32, dtypeBytes, viewBytes, type Dtype, type DtypeArray } from "./dtype.ts";
import { maxHeaderBytes, parseHeader, quote, type SafetensorsHeader, type TensorInfo } from "./safetensors-header.ts";

export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: DtypeArray;
}

/** Tensors of one checkpoint on disk, read one at a time. Unknown names throw `InputError`. */
export interface SafetensorsFile {
  readonly path: string;
  readonly names: readonly string[];
  readonly metadata: ReadonlyMap<string, string>;
  has(name: string): boolean;
  info(name: string): TensorInfo;
  /** Where the tensor's bytes lie in the checkpoint's folder. */
  place(name: string): TensorPlace;
  /** The tensor as stored. */
  read(name: string): Promise<Tensor>;
  /** The tensor's elements as float32, whatever floating, integer or boolean type they are stored in; into `out` if given. */
  readFloat32(name: string, out?: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Bytes of stored elements that {@link SafetensorsFile.readFloat32} holds beside its result. */
const chunkBytes = 1 << 24;

/**
 * Opens a single `.safetensors` file: reads and checks its header, leaves the tensors on disk.
 * Anything but a well-formed file (https://github.com/huggingface/safetensors#format) throws `InputError`.
 */
export async function openSafetensorsFile(path: string): Promise<SafetensorsFile> {
  const file = await openForReading(path);
  try {
    const fileBytes = (await file.stat()).size;
    const { header, dataStart } = await readHeader(file, fileBytes, path);
    return new OpenFile(path, file, header, dataStart);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(
  file: FileHandle,
  fileBytes: number,
  path: string,
): Promise<{ header: SafetensorsHeader; dataStart: number }> {
  if (fileBytes < 10)
    throw new InputError(`${path}: not a safetensors file: expected at least 10 bytes, found ${fileBytes}`);
  const prefix = await readExactly(file, 0, 9, path);
  const headerBytes = new DataView(prefix.buffer).getBigUint64(0, true);
  if (headerBytes > BigInt(maxHeaderBytes))
    throw new InputError(
      `${path}: not a safetensors file: its header would be ${headerBytes} bytes, at most ${maxHeaderBytes}`,
    );
  const dataStart = 8 + Number(headerBytes);
  if (dataStart > fileBytes)
    throw new InputError(
      `${path}: truncated: the header would end at byte ${dataStart}, the file ends at ${fileBytes}`,
    );
  if (prefix[8] !== 0x7b) throw new InputError(`${path}: not a safetensors file: its header does not begin with "{"`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      await readExactly(file, 8, Number(headerBytes), path),
    );
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: the header is not valid UTF-8`);
  }
  return { header: parseHeader(text, fileBytes - dataStart, path), dataStart };
}

class OpenFile implements SafetensorsFile {
  readonly path: string;
  readonly names: readonly string[];
  readonly metadata: ReadonlyMap<string, string>;
  readonly #file: FileHandle;
  readonly #tensors: ReadonlyMap<string, TensorInfo>;
  readonly #dataStart: number;

  constructor(path: string, file: FileHandle, header: SafetensorsHeader, dataStart: number) {
    this.path = path;
    this.names = [...header.tensors.keys()];
    this.metadata = header.metadata;
    this.#file = file;
    this.#tensors = header.tensors;
    this.#dataStart = dataStart;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  info(name: string): TensorInfo {
    const info = this.#tensors.get(name);
    if (info === undefined)
      throw new InputError(`${this.path}: no tensor ${quote(name)} among its ${this.names.length}`);
    return info;
  }

  place(name: string): TensorPlace {
    const { byteOffset, byteLength } = this.info(name);
    return { file: basename(this.path), offset: this.#dataStart + byteOffset, length: byteLength };
  }

  async read(name: string): Promise<Tensor> {
    const { dtype, shape, byteOffset, byteLength } = this.info(name);
    const bytes = await readExactly(this.#file, this.#dataStart + byteOffset, byteLength, this.path);
    return { dtype, shape, data: viewBytes(dtype, bytes) };
  }

  async readFloat32(name: string, out?: Float32Array): Promise<Float32Array> {
    const { dtype, byteOffset, byteLength } = this.info(name);
    if (!convertsToFloat32(dtype))
      throw new InputError(
        `${this.path}: tensor ${quote(name)}: expected F32, F16, BF16, F64, integers or BOOL, found ${dtype}: 8-bit floats are not supported`,
      );
    const elementBytes = dtypeBytes[dtype];
    const count = byteLength / elementBytes;
    const values = out ?? new Float32Array(count);
    if (values.length !== count)
      throw new InputError(`${this.path}: tensor ${quote(name)} has ${count} elements, expected ${values.length}`);
    const start = this.#dataStart + byteOffset;
    if (dtype === "F32") {
      await readInto(this.#file, start, new Uint8Array(values.buffer, values.byteOffset, byteLength), this.path);
      return values;
    }
    for (let done = 0; done < byteLength; done += chunkBytes) {
      const bytes = await readExactly(this.#file, start + done, Math.min(chunkBytes, byteLength - done), this.path);
      const first = done / elementBytes;
      convertToFloat32(dtype, viewBytes(dtype, bytes), values.subarray(first, first + bytes.length / elementBytes));
    }
    return values;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    // Asked before opening, because opening a pipe would wait for its writer.
    if ((await stat(path)).isFile()) return await open(path, "r");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new InputError(`${path}: ${code === "ENOENT" ? "no such file" : `cannot be opened (${code})`}`);
  }
  throw new InputError(`${path}: expected a file, found a folder, pipe or device`);
}

async function readExactly(file: FileHandle, position: number, length: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await readInto(file, position, bytes, path);
  return bytes;
}

async function readInto(file: FileHandle, position: number, bytes: Uint8Array, path: string): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    // One system call reads less than 2 GiB.
    const { bytesRead } = await file.read(bytes, done, Math.min(bytes.length - done, 1 << 30), position + done);
    if (bytesRead === 0)
      throw new InputError(`${path}: ends at byte ${position + done}, expected ${bytes.length - done} more`);
    done += bytesRead;
  }
}
