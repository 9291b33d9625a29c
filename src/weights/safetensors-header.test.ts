import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../core/errors.ts";
import { parseHeader } from "./safetensors-header.ts";

const parse = (text: string, dataBytes = 8): unknown => parseHeader(text, dataBytes, "f");
const entry = (fields: string): string => `{"a":{${fields}}}`;

describe("a malformed header is refused with its place and reason", () => {
  test.each([
    ["", 'character 0: expected "{", found the end'],
    ['{"a"}', 'expected ":"'],
    ['{"a":{}}', 'tensor "a" with a dtype'],
    ['{"a":1}', 'character 5: expected "{", found "1"'],
    ["{}}", "expected the end of the header"],
    ['{"a":{},}', "dtype"],
    ['{"a', "expected a string that ends"],
    ['{"a\\', "expected a string that ends"],
    ['{"\\x":{}}', "a bad escape"],
    ['{"a\n":{}}', "control characters"],
    ['{"__metadata__":{"a":"1","a":"2"}}', 'every metadata key once, found "a" twice'],
    ['{"__metadata__":{},"__metadata__":{}}', "a second one"],
    ['{"__metadata__":{"a":1}}', "expected a string"],
    [entry('"dtype":"F32","shape":[2]'), "two data_offsets"],
    [entry('"dtype":"F32","shape":[2],"data_offsets":[0]'), "two data_offsets"],
    [entry('"dtype":"F32","shape":[2],"data_offsets":[0,8,8]'), "at most 2 numbers"],
    [entry('"dtype":"F32","data_offsets":[0,8]'), "with a shape"],
    [entry('"dtype":"F33","shape":[2],"data_offsets":[0,8]'), 'found "F33"'],
    [entry('"dtype":"toString","shape":[2],"data_offsets":[0,8]'), 'found "toString"'],
    [entry('"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]'), "once each"],
    [entry('"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1'), "once each"],
    [entry('"dtype":"F32","shape":[-2],"data_offsets":[0,8]'), "non-negative integer"],
    [entry('"dtype":"F32","shape":[2.0],"data_offsets":[0,8]'), 'expected "]", found "."'],
    [entry('"dtype":"F32","shape":[02],"data_offsets":[0,8]'), "leading zeros"],
    [entry('"dtype":"F32","shape":[9007199254740992],"data_offsets":[0,8]'), "2^53"],
    [entry('"dtype":"F32","shape":[2],"data_offsets":[8,0]'), "expected 8 bytes"],
    [entry('"dtype":"F32","shape":[3],"data_offsets":[0,8]'), "expected 12 bytes"],
    [entry('"dtype":"F32","shape":[4503599627370496,4503599627370496],"data_offsets":[0,8]'), "bytes for tensor"],
    [entry('"dtype":"F32","shape":[1],"data_offsets":[4,8]'), "expected 0, so there is a gap"],
    [entry('"dtype":"F32","shape":[1],"data_offsets":[0,4]'), "describes 4 bytes of tensors, the file holds 8"],
    [entry('"dtype":"F32","shape":[3],"data_offsets":[0,12]'), "the file holds 8; it is truncated"],
    [
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
      'every tensor once, found "a" twice',
    ],
    [
      '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
      'tensor "b" begins at byte 4 of the data, expected 8, so it overlaps',
    ],
    [`{"${"x".repeat(5000)}":{}}`, "xxx..."],
  ])("%s", (text, message) => {
    expect(() => parse(text)).toThrow(InputError);
    expect(() => parse(text)).toThrow(message);
  });
});

test("hostile headers are left at the first wrong character, however long they are", () => {
  const characterOf = (text: string): number => {
    try {
      parse(text);
    } catch (error) {
      return Number(/character (\d+)/.exec((error as Error).message)![1]);
    }
    throw new Error("accepted");
  };
  const times = 10_000_000;
  expect(characterOf(`{"a":{"dtype":"F32","shape":[${"1,".repeat(times)}`)).toBeLessThan(200);
  expect(characterOf('{"":'.repeat(times))).toBeLessThan(20);
  expect(characterOf(`{"__metadata__":${'{"":'.repeat(times)}`)).toBeLessThan(30);
});

describe("fuzzing", () => {
  const valid =
    '{"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},' +
    '"b":{"dtype":"BF16","shape":[],"data_offsets":[24,26]},"c":{"dtype":"U8","shape":[0],"data_offsets":[26,26]}}  ';
  const pieces = [
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\\",
    "-",
    "0",
    "9",
    "1e9",
    "null",
    " ",
    "\0",
    "\u{1F34E}",
    '"dtype"',
    '"F64"',
  ];
  const mutation = fc.record({
    at: fc.nat(valid.length),
    remove: fc.oneof(fc.constant(0), fc.constant(1), fc.nat(20)),
    insert: fc.oneof(fc.constant(""), fc.constantFrom(...pieces), fc.string({ maxLength: 4, unit: "binary" })),
  });

  test("thousands of mutated headers parse to a consistent layout or give InputError", () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(26, 26, 26, 24, 8),
        (mutations, dataBytes) => {
          let text = valid;
          for (const { at, remove, insert } of mutations) text = text.slice(0, at) + insert + text.slice(at + remove);
          try {
            const { tensors } = parseHeader(text, dataBytes, "f");
            accepted++;
            // What is accepted is JSON, with the same tensors, and covers the data.
            const json = JSON.parse(text) as Record<string, { data_offsets: number[] }>;
            expect(Object.keys(json).filter((key) => key !== "__metadata__").length).toBe(tensors.size);
            let sum = 0;
            for (const [name, { byteOffset, byteLength }] of tensors) {
              expect(json[name]!.data_offsets).toEqual([byteOffset, byteOffset + byteLength]);
              sum += byteLength;
            }
            expect(sum).toBe(dataBytes);
          } catch (error) {
            if (!(error instanceof InputError)) throw error;
            expect(error.message.length).toBeLessThan(600);
            expect(error.message).not.toContain("\n");
          }
        },
      ),
      { numRuns: 20_000, seed: 7 },
    );
    expect(accepted).toBeGreaterThan(500);
  });
});
