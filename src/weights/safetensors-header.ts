import { InputError } from "../core/errors.ts";
import { dtypeBytes, isDtype, type Dtype } from "./dtype.ts";

/** Name, type and place of one tensor. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Of the first byte, counted from the end of the header. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

export interface SafetensorsHeader {
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The format's own limit on the length of a header, in bytes. */
export const maxHeaderBytes = 100_000_000;
const maxRank = 32;

/**
 * Parses the JSON header of a safetensors file whose tensor bytes are `dataBytes` long. `place` opens every error message.
 *
 * The parser knows this one grammar instead of taking any JSON: what it does not expect it refuses at once, so a hostile header costs
 * little memory, and duplicate keys, which `JSON.parse` would drop silently, are seen. As the format demands, tensors must
 * cover the data exactly: no overlap, no gap, nothing left over.
 */
export function parseHeader(text: string, dataBytes: number, place: string): SafetensorsHeader {
  const scanner = new Scanner(text, place);
  const tensors = new Map<string, TensorInfo>();
  let metadata: ReadonlyMap<string, string> | undefined;
  scanner.object((name) => {
    if (name === "__metadata__") {
      if (metadata !== undefined) scanner.fail(`a single "__metadata__"`, "a second one");
      metadata = readMetadata(scanner);
    } else {
      if (tensors.has(name)) scanner.fail("every tensor once", `${quote(name)} twice`);
      tensors.set(name, readTensorInfo(scanner, name));
    }
  });
  scanner.end();
  checkCoverage(tensors, dataBytes, place);
  return { tensors, metadata: metadata ?? new Map<string, string>() };
}

function readMetadata(scanner: Scanner): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  scanner.object((key) => {
    if (metadata.has(key)) scanner.fail("every metadata key once", `${quote(key)} twice`);
    metadata.set(key, scanner.string());
  });
  return metadata;
}

function readTensorInfo(scanner: Scanner, name: string): TensorInfo {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  scanner.object((key) => {
    if (key === "dtype" && dtype === undefined) dtype = scanner.string();
    else if (key === "shape" && shape === undefined) shape = scanner.integers(maxRank);
    else if (key === "data_offsets" && offsets === undefined) offsets = scanner.integers(2);
    else scanner.fail("dtype, shape and data_offsets once each", quote(key));
  });
  const of = `tensor ${quote(name)}`;
  if (dtype === undefined) return scanner.fail(`${of} with a dtype`, "none");
  if (shape === undefined) return scanner.fail(`${of} with a shape`, "none");
  if (!isDtype(dtype)) return scanner.fail(`${of} with a dtype of ${Object.keys(dtypeBytes).join(" ")}`, quote(dtype));
  const [begin, end] = offsets ?? [];
  if (begin === undefined || end === undefined) return scanner.fail(`${of} with two data_offsets`, "fewer");
  const byteLength = shape.reduce((product, size) => product * size, dtypeBytes[dtype]);
  // A product beyond 2^53 is inexact, but far from the length of any file.
  if (end - begin !== byteLength)
    return scanner.fail(
      `${byteLength} bytes for ${of}, ${dtype} [${shape.join(",")}]`,
      `data_offsets ${begin} to ${end}`,
    );
  return { name, dtype, shape, byteOffset: begin, byteLength };
}

function checkCoverage(tensors: ReadonlyMap<string, TensorInfo>, dataBytes: number, place: string): void {
  const inOrder = [...tensors.values()].sort((a, b) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength);
  let covered = 0;
  for (const { name, byteOffset, byteLength } of inOrder) {
    if (byteOffset !== covered)
      throw new InputError(
        `${place}: tensor ${quote(name)} begins at byte ${byteOffset} of the data, expected ${covered}, ` +
          (byteOffset < covered ? "so it overlaps the one before" : "so there is a gap before it"),
      );
    covered += byteLength;
  }
  if (covered !== dataBytes)
    throw new InputError(
      `${place}: the header describes ${covered} bytes of tensors, the file holds ${dataBytes}` +
        (covered > dataBytes ? "; it is truncated" : ""),
    );
}

/** Reads the few JSON forms a header may hold: objects, strings, and arrays of non-negative safe integers. */
class Scanner {
  readonly #text: string;
  readonly #place: string;
  #at = 0;

  constructor(text: string, place: string) {
    this.#text = text;
    this.#place = place;
  }

  fail(expected: string, found?: string): never {
    const here = this.#at < this.#text.length ? quote(this.#text[this.#at]!) : "the end";
    throw new InputError(`${this.#place}: header, character ${this.#at}: expected ${expected}, found ${found ?? here}`);
  }

  /** Calls `member` after each key and colon; it must read the value. */
  object(member: (key: string) => void): void {
    this.#take("{");
    if (this.#skip("}")) return;
    do {
      const key = this.string();
      this.#take(":");
      member(key);
    } while (this.#skip(","));
    this.#take("}");
  }

  string(): string {
    this.#space();
    const start = this.#at;
    if (this.#text[start] !== '"') this.fail("a string");
    let end = start + 1;
    let plain = true;
    for (; this.#text[end] !== '"'; end++) {
      if (end >= this.#text.length) this.fail("a string that ends");
      const code = this.#text.charCodeAt(end);
      if (code < 0x20) this.fail("a string without control characters");
      if (code === 0x5c) {
        plain = false;
        end++;
      }
    }
    this.#at = end + 1;
    if (plain) return this.#text.slice(start + 1, end);
    try {
      return JSON.parse(this.#text.slice(start, end + 1)) as string;
    } catch {
      return this.fail("a JSON string", "a bad escape");
    }
  }

  integers(most: number): number[] {
    this.#take("[");
    const values: number[] = [];
    if (this.#skip("]")) return values;
    do {
      if (values.length === most) this.fail(`at most ${most} numbers`);
      values.push(this.#integer());
    } while (this.#skip(","));
    this.#take("]");
    return values;
  }

  /** Nothing but the padding of spaces may follow. */
  end(): void {
    this.#space();
    if (this.#at !== this.#text.length) this.fail("the end of the header");
  }

  #integer(): number {
    this.#space();
    const start = this.#at;
    let value = 0;
    for (; this.#at < this.#text.length; this.#at++) {
      const digit = this.#text.charCodeAt(this.#at) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      if (value > Number.MAX_SAFE_INTEGER) this.fail("an integer up to 2^53 - 1", "a larger one");
    }
    const digits = this.#at - start;
    if (digits === 0) this.fail("a non-negative integer");
    if (digits > 1 && this.#text[start] === "0") this.fail("an integer without leading zeros", "one with");
    return value;
  }

  #space(): void {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }

  #skip(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #take(character: string): void {
    if (!this.#skip(character)) this.fail(quote(character));
  }
}

/** A quoted name, shortened so that a hostile one cannot flood the terminal. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 97)}...` : name);
}
