import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import tinyAblation from "../../tests/support/tiny-ablation.ts";
import { initializeParameters, type ParameterInfo, type ParameterValues } from "../nn/parameters.ts";
import { loadModelFolder, modelParameters, VIT_SCOPE } from "../weights/model-folder.ts";
import { writeSafetensors } from "../weights/safetensors.ts";
import { exportRun } from "./export-run.ts";
import type { WorldTaskSettings } from "./world-task.ts";

const settings = tinyAblation.task as WorldTaskSettings;
const all = modelParameters({ model: settings.model, vit: settings.vit });
const isOfVit = ({ name }: ParameterInfo) => name.startsWith(`${VIT_SCOPE}.`);

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "mogao-export-"))));
afterAll(() => rm(folder, { recursive: true }));

function write(path: string, parameters: readonly ParameterInfo[], values: ParameterValues): Promise<void> {
  const tensor = ({ name, shape }: ParameterInfo) => ({ name, dtype: "F32", shape, data: values.get(name)! }) as const;
  return writeSafetensors(path, parameters.map(tensor));
}

/** A run whose newest checkpoint holds these parameters. */
async function runWith(name: string, parameters: readonly ParameterInfo[], task: WorldTaskSettings): Promise<string> {
  const checkpoint = join(folder, name, "checkpoints", "step-00000005");
  await mkdir(checkpoint, { recursive: true });
  await write(join(checkpoint, "ema.safetensors"), parameters, initializeParameters(parameters, 1));
  const progress = { format: 1, step: 5, updates: 5, seed: 1, samples: 10, seconds: 1, identity: { settings: task } };
  await writeFile(join(checkpoint, "state.json"), JSON.stringify(progress));
  return join(folder, name);
}

test("a run with a frozen ViT, which its checkpoints lack, is exported with the ViT that it was trained with", async () => {
  const vitFrom = join(folder, "vit.safetensors");
  const seen = initializeParameters(all.filter(isOfVit), 2);
  await write(vitFrom, all.filter(isOfVit), seen);
  const trained = all.filter((info) => !isOfVit(info));
  const run = await runWith("frozen", trained, { ...settings, vitMode: "frozen", vitFrom });
  expect(await exportRun(run, join(folder, "model"), "test")).toMatchObject({ step: 5, samples: 10 });
  const { weights } = await loadModelFolder(join(folder, "model"));
  const own = initializeParameters(trained, 1);
  // Stored as float16.
  for (const { name } of all)
    weights.get(name)!.forEach((value, i) => expect(value).toBeCloseTo((own.get(name) ?? seen.get(name))![i]!, 2));
});

test("a run that should have trained its ViT and lacks it is refused", async () => {
  const run = await runWith(
    "lacking",
    all.filter((info) => !isOfVit(info)),
    settings,
  );
  await expect(exportRun(run, join(folder, "none"), "test")).rejects.toThrow(/lacks \d+ tensors, such as vit\./);
});
