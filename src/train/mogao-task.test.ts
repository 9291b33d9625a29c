import { expect, test } from "vitest";
import { InputError } from "../core/errors.ts";
import { bagelSwitches } from "../generate/testing.ts";
import { mogaoTask, type MogaoTaskOptions } from "./mogao-task.ts";
import { tinyConfig } from "./testing.ts";

const vit = {
  size: 16,
  layers: 2,
  heads: 2,
  mlpSize: 16,
  patch: 8,
  merge: 2,
  temporalPatch: 2,
  outSize: tinyConfig.hiddenSize,
  mean: 0.5,
  deviation: 0.5,
};
const windows = { side: 4, full: [1] };

const task = (change: Partial<MogaoTaskOptions>) =>
  mogaoTask({
    model: tinyConfig,
    vit,
    imageSide: 64,
    seed: 1,
    objective: "text+flow",
    lambda: 1,
    timeShift: 1,
    vitMode: "train",
    copies: 1,
    drop: { all: 0, text: 0, vit: 0, vae: 0 },
    context: { vit: true, vae: true },
    tokenize: () => [],
    special: {} as never,
    sources: [],
    encoders: {},
    ...change,
  });

const vitParameters = ({ parameters }: ReturnType<typeof task>) =>
  parameters.filter(({ name }) => name.startsWith("vit."));

test("a ViT with windows, whose tokens come window by window, is taken frozen and not to be trained", () => {
  expect(vitParameters(task({})).length).toBeGreaterThan(0);
  expect(() => task({ vit: { ...vit, windows } })).toThrow(
    new InputError(
      'train: vit.windows: expected none with vitMode "train", found 4: Qwen2.5-VL\'s ViT is only used frozen',
    ),
  );
  expect(vitParameters(task({ vit: { ...vit, windows }, vitMode: "frozen" }))).toEqual([]);
});

test("the sequences of other families are refused", () => {
  expect(() => task({ model: { ...tinyConfig, ...bagelSwitches } })).toThrow(/^train: knows the paper's sequence/);
});
