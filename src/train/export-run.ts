/** Turns a run of the omni model into a model folder that `load()` opens. */
import { join } from "node:path";
import { InputError } from "../core/errors.ts";
import { readJson } from "../core/json-file.ts";
import { loadVae } from "../weights/vae-files.ts";
import { elementCount, type ParameterInfo, type ParameterValues } from "../nn/parameters.ts";
import { modelParameters, saveModelFolder, VIT_SCOPE } from "../weights/model-folder.ts";
import { latestCheckpoint, readProgress } from "./checkpoint.ts";
import { initializeFrom } from "./init-from.ts";
import type { WorldTaskSettings } from "./world-task.ts";

export interface ExportedRun {
  readonly checkpoint: string;
  readonly step: number;
  readonly samples: number;
}

/**
 * Writes the averaged weights of a run's newest checkpoint, with the VAE and tokenizer it was trained with, into `folder`.
 * @throws InputError where the run has no checkpoint, is of another kind, or lacks weights of the whole model
 */
export async function exportRun(run: string, folder: string, name: string): Promise<ExportedRun> {
  const checkpoint = await latestCheckpoint(run);
  if (checkpoint === undefined) throw new InputError(`${run}: holds no checkpoint of a run`);
  const { identity, step, samples } = await readProgress(checkpoint);
  const settings = (identity as { settings?: Partial<WorldTaskSettings> }).settings;
  if (!settings?.model || !settings.vit || !settings.folder || settings.objective !== "text+flow")
    throw new InputError(
      `${checkpoint}: is no run of the omni model with images (its objective is ${settings?.objective})`,
    );
  const { model, folder: encoders, preview, imageSide, vitMode, vitFrom } = settings as WorldTaskSettings;
  const vit = model.imageContext === "vit+vae" ? { vit: settings.vit } : {};
  const parameters = modelParameters({ model, vit: undefined, ...vit });
  const weights: ParameterValues = new Map(
    parameters.map((info) => [info.name, new Float32Array(elementCount(info.shape))]),
  );
  const isOfVit = ({ name }: ParameterInfo) => name.startsWith(`${VIT_SCOPE}.`);
  const { vit: seeing = [], run: trained = [] } = Object.groupBy(parameters, (info) =>
    vitMode === "frozen" && isOfVit(info) ? "vit" : "run",
  );
  for (const [source, wanted] of [
    [checkpoint, trained],
    [vitFrom, seeing],
  ] as const) {
    if (wanted.length === 0) continue;
    const { fresh, path } = await initializeFrom(source, wanted, weights);
    if (fresh.length > 0) throw new InputError(`${path}: lacks ${fresh.length} tensors, such as ${fresh[0]}`);
  }
  const vae = await loadVae(encoders);
  const json = (file: string) => readJson(join(encoders, file));
  await saveModelFolder(folder, {
    config: {
      name,
      model,
      ...vit,
      vae: vae.config,
      images: { maxPixels: 4 * imageSide ** 2 },
      generation: {
        width: imageSide,
        height: imageSide,
        maxPixels: 4 * imageSide ** 2,
        steps: 30,
        shift: preview.shift,
        guidance: preview.guidance,
        imageGuidance: 1.5,
        maxImages: 6,
        maxTokens: 256,
        maxContext: 4096,
        temperature: 0.3,
      },
    },
    weights,
    vaeWeights: vae.weights,
    tokenizer: await json("tokenizer.json"),
    tokenizerConfig: await json("tokenizer_config.json"),
  });
  return { checkpoint, step, samples };
}
