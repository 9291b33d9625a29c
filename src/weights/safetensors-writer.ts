import { writeFileAtomic } from "../core/atomic-file.ts";
import { InputError } from "../core/errors.ts";
import { dtypeBytes, type Dtype, type DtypeArray } from "./dtype.ts";
import { maxHeaderBytes, quote } from "./safetensors-header.ts";

/** A tensor to store. `data` may be a function, called when its turn comes, so that a big checkpoint need not be in memory at once. */
export interface TensorToWrite {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: DtypeArray | (() => DtypeArray | Promise<DtypeArray>);
}

/**
 * Writes a safetensors file atomically, tensor by tensor. Equal input gives equal bytes: wide types first, then by name (so that every
 * tensor is aligned to its element size), metadata sorted by key. With `keepOrder` tensors are written in the order given, which must
 * align them: an Error says where it does not.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
  { keepOrder = false }: { readonly keepOrder?: boolean } = {},
): Promise<void> {
  const inOrder = [...tensors];
  if (!keepOrder)
    inOrder.sort(
      (a, b) => dtypeBytes[b.dtype] - dtypeBytes[a.dtype] || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
    );
  const header = formatHeader(inOrder, metadata, path);
  await writeFileAtomic(path, async (file) => {
    const writeAll = async (bytes: Uint8Array): Promise<void> => {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, done, Math.min(bytes.length - done, 1 << 30));
        done += bytesWritten;
      }
    };
    await writeAll(header);
    for (const tensor of inOrder) {
      const data = typeof tensor.data === "function" ? await tensor.data() : tensor.data;
      const expected = byteLength(tensor);
      if (data.byteLength !== expected || data.BYTES_PER_ELEMENT !== dtypeBytes[tensor.dtype])
        throw new InputError(
          `${path}: tensor ${quote(tensor.name)}: ${tensor.dtype} [${tensor.shape.join(",")}] takes ${expected} bytes, ` +
            `found ${data.byteLength} in a ${data.constructor.name}`,
        );
      await writeAll(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  });
}

/** The length field and the JSON, padded with spaces to a multiple of 8 bytes. */
function formatHeader(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
  path: string,
): Uint8Array {
  // Joined by hand: an object would reorder names that look like numbers and swallow "__proto__".
  const members: string[] = [];
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0)
    members.push(
      `"__metadata__":{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`).join(",")}}`,
    );
  const seen = new Set(["__metadata__"]);
  let begin = 0;
  for (const tensor of tensors) {
    if (seen.has(tensor.name)) throw new InputError(`${path}: the tensor name ${quote(tensor.name)} is taken`);
    seen.add(tensor.name);
    if (tensor.shape.some((size) => !Number.isSafeInteger(size) || size < 0))
      throw new InputError(
        `${path}: tensor ${quote(tensor.name)} has the impossible shape [${tensor.shape.join(",")}]`,
      );
    if (begin % dtypeBytes[tensor.dtype] !== 0)
      throw new Error(`${path}: tensor ${quote(tensor.name)} (${tensor.dtype}) would begin at byte ${begin}`);
    const end = begin + byteLength(tensor);
    const { dtype, shape } = tensor;
    members.push(`${JSON.stringify(tensor.name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
    begin = end;
  }
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  if (padded > maxHeaderBytes) throw new InputError(`${path}: a header of ${padded} bytes, at most ${maxHeaderBytes}`);
  const header = new Uint8Array(8 + padded).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(json, 8);
  return header;
}

function byteLength({ dtype, shape }: TensorToWrite): number {
  return shape.reduce((product, size) => product * size, dtypeBytes[dtype]);
}
