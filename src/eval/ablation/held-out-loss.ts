/** Losses on fixed samples that no run trains on, by task: what tells small models apart long before their pictures do. */
import type { Mixture } from "../../data/world/mixture.ts";
import { elementCount, type ParameterValues } from "../../nn/parameters.ts";
import { compileModel } from "../../onnx/emit.ts";
import type { HostTensor, Runtime } from "../../runtime/types.ts";
import { initializeFrom } from "../../train/init-from.ts";
import { worldTask, type WorldTaskSettings } from "../../train/world-task.ts";

/** Tasks that losses are measured on apart, and what is measured: the flow loss of pictures, the text loss of answers. */
export const HELD_OUT_TASKS = {
  drawing: { families: { "draw-single": 1, "draw-scene": 1 }, loss: "flow" },
  editing: { families: { edit: 1 }, loss: "flow" },
  sequences: { families: { sequence: 1 }, loss: "flow" },
  captions: { families: { "caption-single": 1, "caption-scene": 1 }, loss: "text" },
  questions: { families: { question: 1 }, loss: "text" },
} as const satisfies Readonly<Record<string, { families: Mixture; loss: "flow" | "text" }>>;
export type HeldOutTask = keyof typeof HELD_OUT_TASKS;
export type HeldOutLosses = Readonly<Record<HeldOutTask, number>>;

/** Training's seeds are small numbers; this one gives samples, times and noise that none of them sees. */
const SEED = 1_000_003;
/** Steps, each of one task; a fifth of them are of each on average, and always the same ones. */
const BATCHES = 30;
const SAMPLES_PER_BATCH = 16;
/** Times at which each picture is predicted. */
const NOISY_COPIES = 4;

/**
 * Mean losses of the averaged weights in `run` (a run or a checkpoint), with every condition kept. Samples, times and noise are
 * the same for all models of one vocabulary and picture size.
 */
export async function heldOutLosses(
  runtime: Runtime,
  settings: WorldTaskSettings,
  run: string,
  signal?: AbortSignal,
): Promise<HeldOutLosses> {
  const task = await worldTask(heldOutSettings(settings), { runtime, seed: SEED, outDir: run });
  try {
    const values: ParameterValues = new Map(
      task.parameters.map(({ name, shape }) => [name, new Float32Array(elementCount(shape))]),
    );
    await initializeFrom(run, task.parameters, values);
    const { bytes, inputs } = compileModel({ text: task.metrics["text"]!, flow: task.metrics["flow"]! });
    const parameters = Object.fromEntries(
      inputs
        .filter(({ role }) => role === "parameter")
        .map(({ name, shape }): [string, HostTensor] => [
          name,
          { type: "float32", shape: shape as readonly number[], data: values.get(name)! },
        ]),
    );
    const program = await runtime.load(bytes);
    try {
      const sums = new Map<HeldOutTask, { loss: number; weight: number }>();
      for (let step = 0; step < BATCHES; step++) {
        signal?.throwIfAborted();
        const { feeds, source } = await task.batch(step);
        const fed = program.inputNames.filter((name) => !(name in parameters));
        const result = await program.run({
          ...parameters,
          ...Object.fromEntries(fed.map((name) => [name, feeds[name]!])),
        });
        const name = source as HeldOutTask;
        const { loss } = HELD_OUT_TASKS[name];
        const weight = Number(feeds[`${loss}_total`]!.data[0]);
        const sum = sums.get(name) ?? { loss: 0, weight: 0 };
        sums.set(name, { loss: sum.loss + weight * Number(result[loss]!.data[0]), weight: sum.weight + weight });
      }
      return Object.fromEntries(
        Object.keys(HELD_OUT_TASKS).map((name) => {
          const { loss, weight } = sums.get(name as HeldOutTask)!;
          return [name, loss / weight];
        }),
      ) as HeldOutLosses;
    } finally {
      program.dispose();
    }
  } finally {
    await task.close?.();
  }
}

/** The settings of training with the tasks of the measurement in the place of its sources, and nothing dropped. */
function heldOutSettings(settings: WorldTaskSettings): WorldTaskSettings {
  const { world } = settings.sources[0]!;
  return {
    ...settings,
    alignment: undefined,
    copies: NOISY_COPIES,
    targets: "all",
    drop: { all: 0, text: 0, vit: 0, vae: 0 },
    preview: { ...settings.preview, prompts: [] },
    sources: Object.entries(HELD_OUT_TASKS).map(([name, { families }]) => ({
      name,
      weight: 1,
      samplesPerStep: SAMPLES_PER_BATCH,
      // Sequences of like length need no packing.
      capacity: { text: 0, visual: 0 },
      closeLastImage: 0,
      world: { ...world, families },
    })),
  };
}
