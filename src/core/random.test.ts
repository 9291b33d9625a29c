import { describe, expect, it } from "vitest";
import { InputError } from "./errors.ts";
import { Philox, philoxBlock } from "./random.ts";

const hex = (words: Iterable<number>) => [...words].map((w) => w.toString(16).padStart(8, "0"));

describe("philoxBlock", () => {
  // Known answers of Random123 1.14 (kat_vectors, philox4x32 with 10 rounds).
  it.each([
    [[0, 0, 0, 0, 0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    [Array<number>(6).fill(0xffffffff), "408f276d 41c83b0e a20bc7c6 6d5451fd"],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0], "d16cfe09 94fdcceb 5001e420 24126ea1"],
  ])("gives the published words %#", (input, expected) => {
    const out = new Uint32Array(4);
    const [c0, c1, c2, c3, k0, k1] = input as [number, number, number, number, number, number];
    philoxBlock(out, c0, c1, c2, c3, k0, k1);
    expect(hex(out).join(" ")).toBe(expected);
  });
});

describe("Philox", () => {
  it("places seed in the key, stream in the upper counter, position in the lower", () => {
    const out = new Uint32Array(4);
    const random = new Philox(0x1111111122222222n, 0x3333333344444444n);
    random.skip(4 * (2 ** 32 + 7));
    philoxBlock(out, 7, 1, 0x44444444, 0x33333333, 0x22222222, 0x11111111);
    expect([0, 1, 2, 3].map(() => random.uint32())).toEqual([...out]);
  });

  it("resumes from its state and skips as if it had drawn", () => {
    const random = new Philox(5, 9);
    const words = Array.from({ length: 23 }, () => random.uint32());
    const resumed = Philox.from(JSON.parse(JSON.stringify(random.state())));
    const skipped = new Philox(5, 9);
    skipped.skip(11);
    expect(resumed.uint32()).toBe(random.uint32());
    expect(skipped.uint32()).toBe(words[11]);
    expect(new Philox(5, 10).uint32()).not.toBe(words[0]);
    expect(new Philox(6, 9).uint32()).not.toBe(words[0]);
  });

  it("draws normals that agree with Box-Muller in the host's functions", () => {
    const random = new Philox(1);
    const words = new Philox(1);
    for (let i = 0; i < 2000; i++) {
      const radius = Math.sqrt(-2 * Math.log((words.uint32() + 1) / 2 ** 32));
      const expected = radius * Math.cos((2 * Math.PI * words.uint32()) / 2 ** 32);
      expect(Math.abs(random.normal() - expected)).toBeLessThan(2e-13);
    }
  });

  it("fills normals of mean 0, variance 1, kurtosis 3, no correlation of neighbours", () => {
    const values = new Philox(3).fillNormal(new Float32Array(100_001));
    const mean = (f: (v: number, i: number) => number) =>
      values.reduce((sum, v, i) => sum + f(v, i), 0) / values.length;
    expect(mean((v) => v)).toBeCloseTo(0, 1);
    expect(mean((v) => v * v)).toBeCloseTo(1, 1);
    expect(Math.abs(mean((v) => v ** 4) - 3)).toBeLessThan(0.15);
    expect(mean((v, i) => v * (values[i + 1] ?? 0))).toBeCloseTo(0, 1);
    expect(values.every(Number.isFinite)).toBe(true);
    expect(values.at(-1)).not.toBe(0);
  });

  it("draws whole numbers evenly and shuffles to a permutation", () => {
    const random = new Philox(4);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 60_000; i++) counts[random.int(6)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    const items = Array.from({ length: 50 }, (_, i) => i);
    const shuffled = random.shuffle([...items]);
    expect(shuffled).not.toEqual(items);
    expect(shuffled.sort((a, b) => a - b)).toEqual(items);
    expect(["a", "b"]).toContain(random.pick(["a", "b"]));
  });

  it("rejects bad seeds, ranges and empty lists", () => {
    expect(() => new Philox(-1)).toThrow(InputError);
    expect(() => new Philox(0.5)).toThrow(InputError);
    expect(() => new Philox(1n << 64n)).toThrow(InputError);
    expect(() => new Philox(1).int(0)).toThrow(InputError);
    expect(() => new Philox(1).skip(-1)).toThrow(InputError);
    expect(() => new Philox(1).pick([])).toThrow(InputError);
  });
});
