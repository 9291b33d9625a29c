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
  expect(parameters).toBe(11_695_648);
  const shared = summarize({ ...presets.nano, ...ablations.C });
  expect(shared.groups.visual).toBe(0);
  expect(shared.parameters).toBe(parameters - groups.visual);
});
