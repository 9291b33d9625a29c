import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import tinyAblation from "../../tests/support/tiny-ablation.ts";
import { writeRun, writeWeights } from "../../tests/support/written-run.ts";
import { initializeParameters, type ParameterInfo } from "../nn/parameters.ts";
import { loadModelFolder, modelParameters, VIT_SCOPE } from "../weights/model-folder.ts";
import { exportRun } from "./export-run.ts";
import type { WorldTaskSettings } from "./world-task.ts";

const settings = tinyAblation.task as WorldTaskSettings;
const all = modelParameters({ model: settings.model, vit: settings.vit });
const isOfVit = ({ name }: ParameterInfo) => name.startsWith(`${VIT_SCOPE}.`);
const trained = all.filter((info) => !isOfVit(info));

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "mogao-export-"))));
afterAll(() => rm(folder, { recursive: true }));

test("a run with a frozen ViT, which its checkpoints lack, is exported with the ViT that it was trained with", async () => {
  const vitFrom = join(folder, "vit.safetensors");
  const seen = initializeParameters(all.filter(isOfVit), 2);
  await writeWeights(vitFrom, all.filter(isOfVit), seen);
  const run = await writeRun(join(folder, "frozen"), trained, { ...settings, vitMode: "frozen", vitFrom });
  expect(await exportRun(run, join(folder, "model"), "test")).toMatchObject({ step: 5, samples: 10 });
  const { weights } = await loadModelFolder(join(folder, "model"));
  const own = initializeParameters(trained, 1);
  // Stored as float16.
  for (const { name } of all)
    weights.get(name)!.forEach((value, i) => expect(value).toBeCloseTo((own.get(name) ?? seen.get(name))![i]!, 2));
});

test("a run that should have trained its ViT and lacks it is refused", async () => {
  const run = await writeRun(join(folder, "lacking"), trained, settings);
  await expect(exportRun(run, join(folder, "none"), "test")).rejects.toThrow(/lacks \d+ tensors, such as vit\./);
});
