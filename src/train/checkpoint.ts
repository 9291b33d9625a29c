/**
 * Checkpoints of a run: `<run>/checkpoints/step-00001200/` with `weights`, `ema` and `optimizer` (`.safetensors`) and
 * `state.json`. A folder of that name is always complete: it is written under another name, flushed and renamed.
 */
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { syncFolder, writeJsonAtomic } from "../core/atomic-file.ts";
import { InputError } from "../core/errors.ts";
import { readJson } from "../core/json-file.ts";
import { openSafetensors, writeSafetensors, type TensorToWrite } from "../weights/safetensors.ts";
import type { ParameterSlot } from "./flat-buffers.ts";
import type { TrainingState } from "./optimizer/optimizer.ts";
import type { OptimizerPlan } from "./optimizer/plan.ts";

const progressSchema = z.object({
  format: z.literal(1),
  /** Steps made; the next batch is batch(step), and with `seed` that is all the random state there is. */
  step: z.int().min(0),
  /** Of these, the ones that changed the weights. */
  updates: z.int().min(0),
  seed: z.int().min(0),
  samples: z.number().min(0),
  seconds: z.number().min(0),
  /** What must be equal for the run to go on: see {@link requireSameIdentity}. */
  identity: z.json(),
});

/** Contents of state.json. */
export type RunProgress = z.infer<typeof progressSchema>;

export async function saveCheckpoint(
  runFolder: string,
  progress: RunProgress,
  plan: OptimizerPlan,
  state: TrainingState,
  keep: number,
): Promise<string> {
  const folder = join(runFolder, "checkpoints");
  await mkdir(folder, { recursive: true });
  await removeLeftovers(folder);
  const name = `step-${String(progress.step).padStart(8, "0")}`;
  const target = join(folder, name);
  if (await exists(target)) return target;
  const temporary = join(folder, `.${name}.writing`);
  await mkdir(temporary);
  const { slots } = plan.layout;
  const metadata = { format: "pt", step: String(progress.step) };
  await writeSafetensors(join(temporary, "weights.safetensors"), tensorsOf(slots, state.weights), metadata);
  await writeSafetensors(join(temporary, "ema.safetensors"), tensorsOf(slots, state.averages), metadata);
  await writeSafetensors(
    join(temporary, "optimizer.safetensors"),
    [...tensorsOf(slots, state.means, "mean."), ...tensorsOf(withSquares(slots, plan), state.squares, "square.")],
    metadata,
  );
  await writeJsonAtomic(join(temporary, "state.json"), progress);
  await rename(temporary, target);
  await syncFolder(folder);
  for (const step of (await checkpointSteps(runFolder)).slice(0, -Math.max(1, keep))) {
    const old = `step-${String(step).padStart(8, "0")}`;
    await rename(join(folder, old), join(folder, `.${old}.removing`));
    await rm(join(folder, `.${old}.removing`), { recursive: true });
  }
  return target;
}

/** The newest checkpoint of a run, if it has one. */
export async function latestCheckpoint(runFolder: string): Promise<string | undefined> {
  const step = (await checkpointSteps(runFolder)).at(-1);
  return step === undefined ? undefined : join(runFolder, "checkpoints", `step-${String(step).padStart(8, "0")}`);
}

export async function readProgress(checkpoint: string): Promise<RunProgress> {
  const path = join(checkpoint, "state.json");
  const result = progressSchema.safeParse(await readJson(path));
  if (!result.success) throw new InputError(`${path}: ${z.prettifyError(result.error).replaceAll("\n", "; ")}`);
  return result.data;
}

/** Fills weights and averages, and with `moments` the optimizer's state too. */
export async function loadCheckpoint(
  checkpoint: string,
  plan: OptimizerPlan,
  state: TrainingState,
  options: { readonly moments: boolean },
): Promise<void> {
  const { slots } = plan.layout;
  await readTensors(join(checkpoint, "weights.safetensors"), slots, state.weights);
  await readTensors(join(checkpoint, "ema.safetensors"), slots, state.averages);
  if (!options.moments) return;
  const path = join(checkpoint, "optimizer.safetensors");
  await readTensors(path, slots, state.means, "mean.");
  await readTensors(path, withSquares(slots, plan), state.squares, "square.");
}

/** @throws InputError naming the first setting that differs between the checkpoint and the run to be resumed */
export function requireSameIdentity(checkpoint: string, saved: unknown, current: unknown): void {
  const difference = firstDifference(saved, current, "");
  if (difference)
    throw new InputError(
      `${checkpoint}: made by a different configuration: ${difference.path} was ${difference.saved}, is ${difference.current}. ` +
        `Undo that, start a new run, or begin from these weights with initFrom`,
    );
}

interface Difference {
  readonly path: string;
  readonly saved: string;
  readonly current: string;
}

function firstDifference(saved: unknown, current: unknown, path: string): Difference | undefined {
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
  if (isObject(saved) && isObject(current)) {
    for (const key of new Set([...Object.keys(saved), ...Object.keys(current)])) {
      const difference = firstDifference(saved[key], current[key], path ? `${path}.${key}` : key);
      if (difference) return difference;
    }
    return undefined;
  }
  if (saved === current) return undefined;
  const show = (value: unknown) => (value === undefined ? "absent" : JSON.stringify(value));
  return { path: path || "the whole", saved: show(saved), current: show(current) };
}

async function checkpointSteps(runFolder: string): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(join(runFolder, "checkpoints"));
  } catch {
    return [];
  }
  return names
    .map((name) => /^step-(\d{8,})$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

/** What an interrupted save or removal left behind. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (/^\.step-\d+\.(writing|removing)$/.test(name)) await rm(join(folder, name), { recursive: true });
}

function withSquares(slots: readonly ParameterSlot[], plan: OptimizerPlan): readonly ParameterSlot[] {
  return slots.filter(({ offset }) => offset < plan.adamwSize);
}

function tensorsOf(slots: readonly ParameterSlot[], buffer: Float32Array, prefix = ""): TensorToWrite[] {
  return slots.map(({ info, offset, length }) => ({
    name: prefix + info.name,
    dtype: "F32",
    shape: info.shape,
    data: buffer.subarray(offset, offset + length),
  }));
}

async function readTensors(
  path: string,
  slots: readonly ParameterSlot[],
  buffer: Float32Array,
  prefix = "",
): Promise<void> {
  const file = await openSafetensors(path);
  try {
    for (const { info, offset, length } of slots) {
      const name = prefix + info.name;
      const { shape } = file.info(name);
      if (String(shape) !== String(info.shape))
        throw new InputError(`${path}: tensor "${name}": expected [${info.shape}], found [${shape}]`);
      await file.readFloat32(name, buffer.subarray(offset, offset + length));
    }
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
