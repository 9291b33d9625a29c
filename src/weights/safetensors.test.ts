import { mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { InputError } from "../core/errors.ts";
import { dtypeBytes, viewBytes } from "./dtype.ts";
import { openSafetensors, writeSafetensors, type Dtype, type TensorToWrite } from "./safetensors.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-safetensors-"));
});
afterEach(() => rm(folder, { recursive: true }));

const vector = (name: string, values: number[]): TensorToWrite => ({
  name,
  dtype: "F32",
  shape: [values.length],
  data: new Float32Array(values),
});

/** A file as the format's own description lays it out, built by hand. */
function fileBytes(header: string, data: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

describe("reading", () => {
  test("a hand-made file: types, shapes, metadata, order, spaces", async () => {
    const path = join(folder, "a.safetensors");
    const data = new Uint8Array([0, 0, 128, 63, 0, 0, 0, 192, 0x80, 0x3f, 255, 1]);
    const header =
      '{ "__metadata__":{"format":"pt","\\u00e9":"x"}, "w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},' +
      '"odd \\"name\\"":{"shape":[1],"dtype":"BF16","data_offsets":[8,10]},"none":{"dtype":"I64","shape":[0,3],"data_offsets":[10,10]},' +
      '"__proto__":{"dtype":"I8","shape":[],"data_offsets":[10,11]},"flag":{"dtype":"BOOL","shape":[1],"data_offsets":[11,12]}}   ';
    await writeFile(path, fileBytes(header, data));
    const file = await openSafetensors(path);
    expect(file.names).toEqual(["w", 'odd "name"', "none", "__proto__", "flag"]);
    expect(Object.fromEntries(file.metadata)).toEqual({ format: "pt", é: "x" });
    expect(await file.read("w")).toEqual({ dtype: "F32", shape: [2, 1], data: new Float32Array([1, -2]) });
    expect(await file.read('odd "name"')).toEqual({ dtype: "BF16", shape: [1], data: new Uint16Array([0x3f80]) });
    expect(await file.readFloat32('odd "name"')).toEqual(new Float32Array([1]));
    expect((await file.read("none")).data).toEqual(new BigInt64Array(0));
    expect(await file.readFloat32("__proto__")).toEqual(new Float32Array([-1]));
    expect(await file.readFloat32("flag")).toEqual(new Float32Array([1]));
    expect(() => file.info("absent")).toThrow(`a.safetensors: no tensor "absent" among its 5`);
    await expect(file.read("toString")).rejects.toThrow(InputError);
    await file.close();
  });

  test("every type converts to float32, also beyond one chunk and into a given array", async () => {
    const path = join(folder, "a.safetensors");
    const wide = new Float32Array(3_000_000).map((_, i) => i % 251); // BF16 and F64 hold it; F64: two chunks
    await writeSafetensors(path, [
      { name: "f64", dtype: "F64", shape: [3, 1_000_000], data: new Float64Array(wide) },
      { name: "i64", dtype: "I64", shape: [2], data: new BigInt64Array([-5n, 1n << 40n]) },
      { name: "u64", dtype: "U64", shape: [1], data: new BigUint64Array([1n << 63n]) },
      { name: "u32", dtype: "U32", shape: [1], data: new Uint32Array([4e9]) },
      { name: "i32", dtype: "I32", shape: [1], data: new Int32Array([-7]) },
      { name: "f16", dtype: "F16", shape: [2], data: new Uint16Array([0x3c00, 0x0001]) },
      { name: "u16", dtype: "U16", shape: [1], data: new Uint16Array([65535]) },
      { name: "i16", dtype: "I16", shape: [1], data: new Int16Array([-3]) },
      { name: "u8", dtype: "U8", shape: [1], data: new Uint8Array([200]) },
      { name: "f8", dtype: "F8_E4M3", shape: [1], data: new Uint8Array([200]) },
    ]);
    const file = await openSafetensors(path);
    expect(Buffer.compare(Buffer.from((await file.readFloat32("f64")).buffer), Buffer.from(wide.buffer))).toBe(0);
    const values = async (name: string): Promise<number[]> => [...(await file.readFloat32(name))];
    expect(await values("i64")).toEqual([-5, 2 ** 40]);
    expect(await values("u64")).toEqual([2 ** 63]);
    expect(await values("u32")).toEqual([4e9]);
    expect(await values("i32")).toEqual([-7]);
    expect(await values("f16")).toEqual([1, 2 ** -24]);
    expect(await values("u16")).toEqual([65535]);
    expect(await values("i16")).toEqual([-3]);
    expect(await values("u8")).toEqual([200]);
    await expect(file.readFloat32("f8")).rejects.toThrow(
      /tensor "f8": expected F32, .*, found F8_E4M3: 8-bit floats are not supported/,
    );
    const out = new Float32Array(4);
    await file.readFloat32("i64", out.subarray(1, 3));
    expect([...out]).toEqual([0, -5, 2 ** 40, 0]);
    await expect(file.readFloat32("i64", out)).rejects.toThrow("has 2 elements, expected 4");
    await file.close();
  });

  test("what is not a safetensors file says so", async () => {
    const path = join(folder, "a.safetensors");
    const opening = async (bytes: Uint8Array | string): Promise<unknown> => {
      await writeFile(path, bytes);
      return openSafetensors(path);
    };
    await expect(openSafetensors(join(folder, "absent.safetensors"))).rejects.toThrow(
      "absent.safetensors: no such file",
    );
    await expect(openSafetensors(folder)).rejects.toThrow("expected model.safetensors or");
    await expect(opening("")).rejects.toThrow("expected at least 10 bytes, found 0");
    await expect(opening("<!doctype html><html></html>")).rejects.toThrow("its header would be");
    const huge = new Uint8Array(16).fill(255);
    await expect(opening(huge)).rejects.toThrow("its header would be 18446744073709551615 bytes");
    await expect(opening(fileBytes("{}", new Uint8Array()).slice(0, 9))).rejects.toThrow("found 9");
    const truncated = new Uint8Array(20);
    new DataView(truncated.buffer).setBigUint64(0, 99_999_999n, true);
    await expect(opening(truncated)).rejects.toThrow("the header would end at byte 100000007, the file ends at 20");
    await expect(opening(fileBytes("[]", new Uint8Array()))).rejects.toThrow('does not begin with "{"');
    await expect(opening(fileBytes("{\xff}", new Uint8Array()).map((b) => (b === 0xc3 ? 0xff : b)))).rejects.toThrow(
      "UTF-8",
    );
  });

  test("a file cut while open ends with an error", async () => {
    const path = join(folder, "a.safetensors");
    await writeSafetensors(path, [vector("a", [1, 2, 3])]);
    const file = await openSafetensors(path);
    await truncate(path, (await readFile(path)).length - 4);
    await expect(file.read("a")).rejects.toThrow("expected 4 more");
    await file.close();
    await expect(openSafetensors(path)).rejects.toThrow(
      "describes 12 bytes of tensors, the file holds 8; it is truncated",
    );
  });
});

describe("writing", () => {
  test("the bytes follow the format, are aligned, and do not depend on the order given", async () => {
    const tensors: TensorToWrite[] = [
      { name: "b", dtype: "U8", shape: [3], data: new Uint8Array([1, 2, 3]) },
      { name: "10", dtype: "F32", shape: [], data: new Float32Array([0.5]) },
      { name: "9", dtype: "F32", shape: [1], data: new Float32Array([2]) },
      { name: "x", dtype: "I64", shape: [1], data: () => Promise.resolve(new BigInt64Array([7n])) },
    ];
    await writeSafetensors(join(folder, "a"), tensors, { z: "1", format: "pt" });
    await writeSafetensors(join(folder, "b"), tensors.toReversed(), { format: "pt", z: "1" });
    const bytes = await readFile(join(folder, "a"));
    expect(bytes.equals(await readFile(join(folder, "b")))).toBe(true);
    const headerBytes = Number(bytes.readBigUInt64LE(0));
    expect(headerBytes % 8).toBe(0);
    expect(bytes.toString("utf8", 8, 8 + headerBytes).trimEnd()).toBe(
      '{"__metadata__":{"format":"pt","z":"1"},"x":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},' +
        '"10":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"9":{"dtype":"F32","shape":[1],"data_offsets":[12,16]},' +
        '"b":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}}',
    );
    expect([...bytes.subarray(8 + headerBytes)]).toEqual([7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 63, 0, 0, 0, 64, 1, 2, 3]);
  });

  test("round trip of every type, bit for bit", async () => {
    const path = join(folder, "a.safetensors");
    const bytes = Uint8Array.from({ length: 48 }, (_, i) => (i * 37 + 11) % 256);
    const tensors = (Object.keys(dtypeBytes) as Dtype[]).map((dtype) => ({
      name: `t.${dtype}`,
      dtype,
      shape: [2, 3],
      data: viewBytes(dtype, bytes.slice(0, 6 * dtypeBytes[dtype])),
    }));
    await writeSafetensors(path, tensors, { seed: "1" });
    const file = await openSafetensors(path);
    for (const { name, dtype, shape, data } of tensors) expect(await file.read(name)).toEqual({ dtype, shape, data });
    expect(file.metadata.get("seed")).toBe("1");
    await file.close();
  });

  test("bad tensors are refused and leave no file", async () => {
    const path = join(folder, "a.safetensors");
    const writing = (...tensors: TensorToWrite[]): Promise<void> => writeSafetensors(path, tensors);
    await expect(writing(vector("a", [1]), vector("a", [2]))).rejects.toThrow('the tensor name "a" is taken');
    await expect(writing(vector("__metadata__", [1]))).rejects.toThrow("is taken");
    await expect(writing({ ...vector("a", [1]), shape: [-1] })).rejects.toThrow("impossible shape [-1]");
    await expect(writing({ ...vector("a", [1, 2]), shape: [3] })).rejects.toThrow(
      "F32 [3] takes 12 bytes, found 8 in a Float32Array",
    );
    await expect(writing({ ...vector("a", [1]), dtype: "F64" })).rejects.toThrow("takes 8 bytes");
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("sharded checkpoints", () => {
  const index = (map: unknown): Promise<void> =>
    writeFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ metadata: {}, weight_map: map }));

  test("tensors come from their shards; a folder opens by its index, or its only file", async () => {
    await writeSafetensors(join(folder, "model-1.safetensors"), [vector("a", [1]), vector("b", [0])]);
    await writeSafetensors(join(folder, "model-2.safetensors"), [vector("b", [2])], { format: "pt" });
    await index({ a: "model-1.safetensors", b: "model-2.safetensors" });
    const file = await openSafetensors(folder);
    expect(file.names).toEqual(["a", "b"]);
    expect([...(await file.readFloat32("a")), ...(await file.readFloat32("b"))]).toEqual([1, 2]);
    expect(file.metadata.get("format")).toBe("pt");
    expect(() => file.info("c")).toThrow('no tensor "c" among its 2');
    await file.close();

    await mkdir(join(folder, "single"));
    await writeSafetensors(join(folder, "single", "model.safetensors"), [vector("b", [2])]);
    const single = await openSafetensors(join(folder, "single"));
    expect(single.names).toEqual(["b"]);
    await single.close();
  });

  test("an index cannot lead out of its folder", async () => {
    await mkdir(join(folder, "inner"));
    await writeSafetensors(join(folder, "outer.safetensors"), [vector("a", [1])]);
    for (const name of [
      "../outer.safetensors",
      "/etc/x.safetensors",
      "..\\outer.safetensors",
      "sub/x.safetensors",
      "..",
      "",
      7,
      null,
    ]) {
      await index({ a: name });
      await expect(openSafetensors(folder)).rejects.toThrow(
        "expected the name of a .safetensors file in the same folder",
      );
    }
  });

  test("nor can a link, of a shard or of the index itself", async () => {
    const inner = join(folder, "inner");
    await mkdir(inner);
    await writeSafetensors(join(folder, "outer.safetensors"), [vector("a", [1])]);
    await symlink("../outer.safetensors", join(inner, "model.safetensors"));
    await expect(openSafetensors(inner)).rejects.toThrow(
      "model.safetensors: expected a file of this folder, found a link",
    );
    await writeFile(
      join(inner, "model.safetensors.index.json"),
      JSON.stringify({ weight_map: { a: "model.safetensors" } }),
    );
    await expect(openSafetensors(inner)).rejects.toThrow(
      "model.safetensors: expected a file of this folder, found a link",
    );
    await rename(join(inner, "model.safetensors.index.json"), join(folder, "index.json"));
    await symlink("../index.json", join(inner, "model.safetensors.index.json"));
    await expect(openSafetensors(inner)).rejects.toThrow("index.json: expected a file of this folder, found a link");
  });

  test("pickles are never opened; the error says what to do", async () => {
    for (const name of ["pytorch_model-1.bin", "pytorch_model-2.bin", "a.pt", "b.ckpt"])
      await writeFile(join(folder, name), "");
    await expect(openSafetensors(folder)).rejects.toThrow(
      /found pickles \(.*, .*, .* and 1 more\), which can run any code when they are opened; look for a safetensors copy/,
    );
    await expect(openSafetensors(join(folder, "a.pt"))).rejects.toThrow(
      "a.pt: expected .safetensors files, found pickles",
    );
  });

  test("broken indices say what is wrong", async () => {
    const path = join(folder, "model.safetensors.index.json");
    await writeFile(path, "{");
    await expect(openSafetensors(folder)).rejects.toThrow("index.json: not JSON");
    await writeFile(path, "[]");
    await expect(openSafetensors(folder)).rejects.toThrow('expected an object "weight_map", found none');
    await index({ a: "model-1.safetensors" });
    await expect(openSafetensors(folder)).rejects.toThrow("model-1.safetensors: no such file");
    await writeSafetensors(join(folder, "model-1.safetensors"), [vector("b", [1])]);
    await expect(openSafetensors(folder)).rejects.toThrow('places tensor "a" in model-1.safetensors, which lacks it');
    await expect(openSafetensors(join(folder, "no.safetensors.index.json"))).rejects.toThrow("no such file");
  });
});
