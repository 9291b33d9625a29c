import { expect, test } from "vitest";
import { summarize } from "./inspect.ts";
import { ablations, presets } from "./presets.ts";

test("mogao-7b is two Qwen2.5-3B stacks, one embedding and AdaLN-Zero", () => {
  const { parameters, groups } = summarize(presets["mogao-7b"]);
  // A Qwen2.5-3B layer: q, k, v with biases, o, SwiGLU, two norms; 36 of them, and the final norm.
  const layer = 2048 * 2048 + 2048 + 2 * (256 * 2048 + 256) + 2048 * 2048 + 3 * 2048 * 11008 + 2 * 2048;
  expect(groups.text).toBe(36 * layer + 2048);
  expect(groups.visual).toBe(groups.text);
  expect(groups.embeddings).toBe(151_936 * 2048);
  expect(groups.modulation).toBe(36 * (6 * 2048 * 2048 + 6 * 2048) + (2 * 2048 * 2048 + 2 * 2048));
  const time = 256 * 2048 + 2048 + (2048 * 2048 + 2048);
  expect(groups.generation).toBe(time + (64 * 2048 + 2048) + (2048 * 64 + 64));
  expect(groups.understanding).toBe(0);
  expect(parameters).toBe(6_780_504_128);
});

test("nano has the size that its documents say, and sharing weights removes the visual branch alone", () => {
  const { parameters, groups } = summarize(presets.nano);
  expect(parameters).toBe(11_697_696);
  const shared = summarize({ ...presets.nano, ...ablations.C });
  expect(shared.groups.visual).toBe(0);
  expect(shared.parameters).toBe(parameters - groups.visual);
});

test.each([
  [494_032_768, { hiddenSize: 896, layers: 24, heads: 14, kvHeads: 2, headSize: 64, ffnSize: 4864 }],
  [1_543_714_304, { hiddenSize: 1536, layers: 28, heads: 12, kvHeads: 2, ffnSize: 8960 }],
  [3_085_938_688, { hiddenSize: 2048, layers: 36, heads: 16, kvHeads: 2, ffnSize: 11_008 }],
  [
    7_615_616_512,
    { hiddenSize: 3584, layers: 28, heads: 28, kvHeads: 4, ffnSize: 18_944, vocabularySize: 152_064, untiedHead: true },
  ],
])("a language model of Qwen2.5's sizes has %d parameters, as published", (expected, sizes) => {
  const config = { ...presets["mogao-7b"], ...sizes, imageContext: "none" } as const;
  const { parameters, groups } = summarize(config);
  expect(parameters).toBe(expected);
  expect([groups.visual, groups.modulation, groups.generation, groups.understanding]).toEqual([0, 0, 0, 0]);
});
