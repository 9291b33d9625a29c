/** Compositions against loops over plain numbers; their gradients against finite differences. */
import { describe, expect, it } from "vitest";
import { valuesOf } from "../../tests/cases/case.ts";
import { compositionCases } from "../../tests/cases/compositions.ts";
import { Philox } from "../core/random.ts";
import {
  attention,
  crossEntropy,
  gelu,
  geluTanh,
  groupNorm,
  layerNorm,
  linear,
  quickGelu,
  silu,
  squaredError,
  upsample2x,
  weightedMean,
} from "./functional.ts";
import { interpret, type Feed, type Value } from "./interpret.ts";
import { input } from "./primitives.ts";
import type { Tensor } from "./tensor.ts";
import { checkGradient, closeTo, inputsOf } from "./testing.ts";

const random = new Philox(3);
function normals(...shape: number[]): Value {
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float64Array.from({ length: count }, () => random.normal()) };
}
function run<K extends string>(build: (inputs: Record<K, Tensor>) => Tensor, feeds: Record<K, Feed>): Value {
  return interpret([build(inputsOf(feeds))], feeds)[0]!;
}
const tight = { relative: 1e-12, absolute: 1e-12 };
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const sum = (values: number[] | Float64Array) => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

describe("gradients of compositions", () => {
  it.each(compositionCases)("$name", (one) => {
    for (const sizes of one.sizes) checkGradient(one.build, valuesOf(one, sizes), one.wrt ? { wrt: one.wrt } : {});
  });
});

describe("linear", () => {
  it("multiplies rows of any number of axes by the transposed weight", () => {
    const [x, w, b] = [normals(2, 3, 4), normals(5, 4), normals(5)];
    const expected = range(6).flatMap((i) =>
      range(5).map((o) => b.data[o]! + sum(range(4).map((k) => x.data[i * 4 + k]! * w.data[o * 4 + k]!))),
    );
    const found = run(({ x: rows, w: weight, b: bias }) => linear(rows, weight, bias), { x, w, b });
    closeTo(found, { shape: [2, 3, 5], data: expected }, tight);
  });
});

describe("activations", () => {
  const x = { shape: [5], data: [-3, -0.5, 0, 1, 2.5] };
  it.each<[string, (x: Tensor) => Tensor, (x: number) => number]>([
    ["silu", silu, (v) => v / (1 + Math.exp(-v))],
    ["quickGelu", quickGelu, (v) => v / (1 + Math.exp(-1.702 * v))],
    ["geluTanh", geluTanh, (v) => (v / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))],
  ])("%s", (_, build, definition) => {
    closeTo(
      run(({ x: tensor }) => build(tensor), { x }),
      x.data.map(definition),
      tight,
    );
  });
  it("gelu is x·Φ(x)", () => {
    // Φ to eight digits from tables.
    const phi = [0.0013499, 0.30853754, 0.5, 0.84134475, 0.99379033];
    const expected = x.data.map((value, i) => value * phi[i]!);
    closeTo(
      run(({ x: tensor }) => gelu(tensor), { x }),
      expected,
      { absolute: 1e-6 },
    );
  });
});

describe("normalisation", () => {
  it("layerNorm scales each row to mean 0 and deviation 1, then weighs and shifts it", () => {
    const [x, w, b] = [normals(2, 3), normals(3), normals(3)];
    const expected = range(2).flatMap((i) => {
      const row = Array.from(x.data.subarray(i * 3, i * 3 + 3));
      const mean = sum(row) / 3;
      const variance = sum(row.map((v) => (v - mean) ** 2)) / 3;
      return row.map((v, k) => ((v - mean) / Math.sqrt(variance + 0.01)) * w.data[k]! + b.data[k]!);
    });
    closeTo(
      run((t) => layerNorm(t.x, t.w, t.b, 0.01), { x, w, b }),
      { shape: [2, 3], data: expected },
      tight,
    );
  });

  it("groupNorm does so over the channels and pixels of each group", () => {
    const [x, w, b] = [normals(2, 6, 2, 3), normals(6), normals(6)];
    const expected = range(2 * 6 * 6).map((i) => {
      const [image, channel] = [Math.floor(i / 36), Math.floor(i / 6) % 6];
      const start = image * 36 + Math.floor(channel / 2) * 12;
      const group = x.data.slice(start, start + 12);
      const mean = sum(group) / 12;
      const variance = sum(group.map((v) => (v - mean) ** 2)) / 12;
      return ((x.data[i]! - mean) / Math.sqrt(variance + 0.01)) * w.data[channel]! + b.data[channel]!;
    });
    const found = run((t) => groupNorm(t.x, 3, t.w, t.b, 0.01), { x, w, b });
    closeTo(found, { shape: [2, 6, 2, 3], data: expected }, tight);
    expect(() => groupNorm(input("x", [1, 6, 2, 2]), 4, input("w", [6]), input("b", [6]), 1e-6)).toThrow(
      "groupNorm: 6 channels do not divide into 4 groups",
    );
  });
});

it("upsample2x repeats every pixel four times", () => {
  const x = { shape: [1, 2, 1, 2], data: [1, 2, 3, 4] };
  const found = run((t) => upsample2x(t.x), { x });
  expect(found.shape).toEqual([1, 2, 2, 4]);
  expect([...found.data]).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
});

describe("attention", () => {
  const [batch, tokens, keys, d] = [2, 3, 5, 4];
  const at = (x: Value, ...index: number[]) =>
    x.data[index.reduce((offset, i, axis) => offset * x.shape[axis]! + i, 0)]!;

  /** One weighted mean at a time. */
  function naive(q: Value, k: Value, v: Value, bias: (b: number, head: number, i: number, j: number) => number): Value {
    const [heads, kvHeads] = [q.shape[2]!, k.shape[2]!];
    const data: number[] = [];
    for (const b of range(batch))
      for (const i of range(tokens))
        for (const head of range(heads)) {
          const from = Math.floor(head / (heads / kvHeads));
          const scores = range(keys).map(
            (j) =>
              sum(range(d).map((e) => at(q, b, i, head, e) * at(k, b, j, from, e))) / Math.sqrt(d) +
              bias(b, head, i, j),
          );
          const largest = Math.max(...scores);
          const powers = scores.map((score) => Math.exp(score - largest));
          for (const e of range(d)) data.push(sum(powers.map((p, j) => p * at(v, b, j, from, e))) / sum(powers));
        }
    return { shape: [batch, tokens, heads * d], data: Float64Array.from(data) };
  }

  it.each([
    { heads: 2, kvHeads: 2 },
    { heads: 6, kvHeads: 2 },
    { heads: 4, kvHeads: 1 },
  ])("$heads heads on $kvHeads", ({ heads, kvHeads }) => {
    const [q, k, v] = [
      normals(batch, tokens, heads, d),
      normals(batch, keys, kvHeads, d),
      normals(batch, keys, kvHeads, d),
    ];
    closeTo(
      run((t) => attention(t.q, t.k, t.v), { q, k, v }),
      naive(q, k, v, () => 0),
      tight,
    );
    const bias = normals(batch, heads, tokens, keys);
    closeTo(
      run((t) => attention(t.q, t.k, t.v, t.bias), { q, k, v, bias }),
      naive(q, k, v, (...index) => at(bias, ...index)),
      tight,
    );
  });

  it("does not see keys whose bias is very negative", () => {
    const [q, k, v] = [normals(batch, tokens, 2, d), normals(batch, keys, 2, d), normals(batch, keys, 2, d)];
    const bias = { shape: [1, 1, tokens, keys], data: range(tokens * keys).map((i) => (i % keys > 2 ? -1e9 : 0)) };
    const changed = { ...v, data: v.data.map((value, i) => (Math.floor(i / (2 * d)) % keys > 2 ? 1e3 : value)) };
    const build = (t: Record<"q" | "k" | "v" | "bias", Tensor>) => attention(t.q, t.k, t.v, t.bias);
    closeTo(run(build, { q, k, v: changed, bias }), run(build, { q, k, v, bias }), tight);
  });

  it("wants heads that divide into groups", () => {
    expect(() => attention(input("q", [1, 2, 3, 4]), input("k", [1, 2, 2, 4]), input("v", [1, 2, 2, 4]))).toThrow(
      "attention: 3 heads of q do not divide into groups for 2 heads of k and v",
    );
  });
});

describe("losses", () => {
  it("crossEntropy is −log softmax at the target, for logits of any size", () => {
    const logits = { shape: [3, 2], data: [0, Math.log(3), 5000, 4999, -1e4, 1e4] };
    const targets = { shape: [3], data: [1, 0, 0], dtype: "int" as const };
    closeTo(
      run((t) => crossEntropy(t.logits, t.targets), { logits, targets }),
      { shape: [3], data: [Math.log(4 / 3), Math.log(1 + Math.exp(-1)), 2e4] },
      tight,
    );
  });
  it("squaredError is a mean over the last axis", () => {
    const feeds = { x: { shape: [2, 2], data: [1, 2, 3, 4] }, y: { shape: [2, 2], data: [1, 0, 0, 0] } };
    closeTo(
      run((t) => squaredError(t.x, t.y), feeds),
      { shape: [2], data: [2, 12.5] },
      tight,
    );
  });
  it("weightedMean weighs, and is 0 without weights", () => {
    const x = { shape: [2], data: [3, 6] };
    closeTo(
      run((t) => weightedMean(t.x, t.w), { x, w: { shape: [2], data: [1, 2] } }),
      [5],
      { relative: 1e-11 },
    );
    closeTo(
      run((t) => weightedMean(t.x, t.w), { x, w: { shape: [2], data: [0, 0] } }),
      [0],
    );
  });
});
