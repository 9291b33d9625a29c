import { expect, test } from "vitest";
import type { GenerationConfigInput } from "../weights/generation-config.ts";
import type { ModelFolderConfig } from "../weights/model-config.ts";
import { askedSize, drawingSettings } from "./drawing-settings.ts";
import { asLoaded, tinyModel } from "./testing.ts";

function configOf(change: Partial<GenerationConfigInput>): ModelFolderConfig {
  const model = tinyModel();
  const generation = { ...model.config.generation, width: 1024, height: 768, maxPixels: 1024 ** 2, ...change };
  return asLoaded({ ...model, config: { ...model.config, generation } }).config;
}

const family = configOf({
  steps: 50,
  stepsCount: "times",
  shift: 3,
  guidanceForm: "nested",
  guidance: 4,
  imageGuidance: 1,
  guidanceInterval: [0.4, 1],
  guidanceRenormalisation: { over: "global" },
  editing: { imageGuidance: 2, guidanceInterval: [0, 1], guidanceRenormalisation: "none", sizeOfImage: true },
});

test("a picture from text alone, and one that has images before it", () => {
  const first = drawingSettings({}, family, undefined);
  expect(first).toMatchObject({ evaluations: 49, shift: 3, solver: "euler", interval: [0.4, 1] });
  expect(first.size).toMatchObject({ width: 1024, height: 768 });
  expect(first.rule).toEqual({ form: "nested", text: 4, image: 1, renormalisation: { over: "global", least: 0 } });
  const edit = drawingSettings({}, family, { width: 512, height: 560 });
  expect(edit).toMatchObject({ evaluations: 49, interval: [0, 1], size: { width: 512, height: 560 } });
  expect(edit.rule).toEqual({ form: "nested", text: 4, image: 2, renormalisation: undefined });
});

test("what the caller says goes before both", () => {
  const options = {
    steps: 10,
    shift: 1,
    guidance: 2,
    imageGuidance: 3,
    guidanceInterval: [0.1, 0.9],
    guidanceRenormalisation: { over: "channel", least: 0.5 },
    size: { width: 64, height: 32 },
  } as const;
  for (const image of [undefined, { width: 512, height: 560 }])
    expect(drawingSettings(options, family, image)).toEqual({
      size: { width: 64, height: 32 },
      evaluations: 9,
      shift: 1,
      solver: "euler",
      rule: { form: "nested", text: 2, image: 3, renormalisation: { over: "channel", least: 0.5 } },
      interval: [0.1, 0.9],
    });
  const plain = drawingSettings({ guidanceRenormalisation: "none", steps: 10 }, configOf({ shift: 2 }), undefined);
  expect(plain).toMatchObject({ evaluations: 10, shift: 2, rule: { form: "paper", renormalisation: undefined } });
});

test("shapes are as long as the model's own pictures, on the token grid", () => {
  const sizes = ["1:1", "4:3", "3:4", "16:9", "9:16", "2:3"].map((aspect) => askedSize({ aspect }, family));
  expect(sizes.map((size) => [size!.width, size!.height])).toEqual([
    [1024, 1024],
    [1024, 768],
    [768, 1024],
    [1024, 576],
    [576, 1024],
    [688, 1024],
  ]);
  for (const aspect of ["4", "0:1", "4:3:2", "100:1", "wide"])
    expect(() => askedSize({ aspect }, family)).toThrow("aspect: expected a ratio such as 1:1, 4:3");
  expect(() => askedSize({ aspect: "1:1", size: { width: 16, height: 16 } }, family)).toThrow(
    "found both (16×16 and 1:1)",
  );
  expect(() => askedSize({ aspect: "1:1" }, configOf({ maxPixels: 1024 * 768 }))).toThrow("at most 786432 pixels");
});
