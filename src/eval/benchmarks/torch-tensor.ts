import { expectInput } from "../../core/errors.ts";
import { openZip } from "./zip-archive.ts";

/** Bytes of a number by the name of its storage in the pickle. */
const storages: Readonly<Record<string, number>> = { FloatStorage: 4, DoubleStorage: 8 };

/**
 * The numbers of one tensor that `torch.save` wrote, row-major, without their shape. The pickle is searched for the type of the storage,
 * never run.
 * @throws InputError naming the file where it is no such file, or holds anything but one float32 or float64 tensor
 */
export function readTorchTensor(bytes: Buffer, path: string): number[] {
  const files = openZip(bytes, path);
  const find = (ending: string) => [...files.keys()].filter((name) => name.endsWith(ending));
  const [pickle] = find("/data.pkl");
  const data = [...files.keys()].filter((name) => /\/data\/\d+$/.test(name));
  expectInput(pickle !== undefined, `${path}: expected a file of torch.save, found an archive without data.pkl`);
  expectInput(data.length === 1, `${path}: expected one tensor, found ${data.length}`);
  const description = files.get(pickle)!().toString("latin1");
  const [storage] = Object.keys(storages).filter((name) => description.includes(name));
  expectInput(storage !== undefined, `${path}: expected a tensor of float32 or float64, found another`);
  const raw = files.get(data[0]!)!();
  const width = storages[storage]!;
  return Array.from({ length: Math.floor(raw.length / width) }, (_, i) =>
    width === 4 ? raw.readFloatLE(4 * i) : raw.readDoubleLE(8 * i),
  );
}
