/** What `configs/*.ts` export: a task, its settings and how it is trained; checked, and overridable by path. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { InputError } from "../core/errors.ts";
import type { ParameterInfo } from "../nn/parameters.ts";
import type { Device, Runtime } from "../runtime/types.ts";
import type { TrainingTask } from "./task.ts";

const count = z.int().min(0);
const positive = z.number().positive();
const share = z.number().min(0).lt(1);
const ofParameter = <T>() =>
  z.custom<(info: ParameterInfo) => T>((value) => typeof value === "function", "expected a function of a parameter");

const scheduleSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("constant"), peak: positive, warmup: count.optional() }),
  z.strictObject({ kind: z.literal("cosine"), peak: positive, warmup: count.optional(), floor: share.optional() }),
  z.strictObject({
    kind: z.literal("wsd"),
    peak: positive,
    warmup: count.optional(),
    decay: count,
    floor: share.optional(),
  }),
]);

const optimizerSchema = z.strictObject({
  adamw: z
    .strictObject({
      beta1: share.optional(),
      beta2: share.optional(),
      epsilon: positive.optional(),
      weightDecay: z.number().min(0).optional(),
    })
    .optional(),
  muon: z
    .strictObject({
      select: ofParameter<boolean>(),
      momentum: share.optional(),
      weightDecay: z.number().min(0).optional(),
      iterations: z.int().min(1).optional(),
      blockRows: z.int().min(1).optional(),
    })
    .optional(),
  rate: ofParameter<number>().optional(),
  decays: ofParameter<boolean>().optional(),
  clip: positive.optional(),
  emaDecay: share.optional(),
});

const trainSchema = z.strictObject({
  /** In all, those before a resumption included. */
  steps: z.int().min(1),
  /** Of fresh weights; the task gets it too, for its data. */
  seed: count.default(0),
  schedule: scheduleSchema,
  optimizer: optimizerSchema.default({}),
  checkpointMinutes: z.number().min(0).optional(),
  keepCheckpoints: z.int().min(1).optional(),
  reportMinutes: z.number().min(0).optional(),
  logEvery: z.int().min(1).optional(),
  maxSkipped: z.int().min(1).optional(),
  initFrom: z.string().optional(),
});

/** As written in a config. */
export type TrainSettingsInput = z.input<typeof trainSchema>;
/** Checked, with defaults. */
export type TrainSettings = z.output<typeof trainSchema>;

export interface TaskContext {
  readonly runtime: Runtime;
  readonly seed: number;
  /** Folder of the run. */
  readonly outDir: string;
}

export interface TrainingConfig<Settings = unknown> {
  /** Also the default name of the run's folder. */
  readonly name: string;
  /** One or two lines for people: what it costs and what it reaches. */
  readonly about: string;
  readonly device?: Device;
  readonly train: TrainSettingsInput;
  /** Everything that shapes the model and its data; plain JSON. A run can only be resumed with the same. */
  readonly task: Settings;
  createTask(settings: Settings, context: TaskContext): TrainingTask | Promise<TrainingTask>;
}

/** A config with all overrides applied. */
export interface ResolvedTraining extends Omit<TrainingConfig, "train" | "createTask"> {
  readonly train: TrainSettings;
  createTask(context: TaskContext): Promise<TrainingTask>;
}

/** The default export of a config file. Infers the type of the task's settings; checking happens when it is resolved. */
export function defineTraining<const Settings>(config: TrainingConfig<Settings>): TrainingConfig<Settings> {
  return config;
}

/**
 * Loads a config file and applies overrides such as `train.schedule.peak=1e-4` or `task.width=64`, in order.
 * @throws InputError for a file that is no config, an unknown path or an impossible value
 */
export async function loadTrainingConfig(path: string, overrides: readonly string[]): Promise<ResolvedTraining> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
  } catch (error) {
    throw new InputError(`${path}: cannot be loaded: ${(error as Error).message}`, { cause: error });
  }
  const config = module.default;
  if (!isConfig(config)) throw new InputError(`${path}: expected a default export made by defineTraining({ … })`);
  return resolveTraining(config, overrides, path);
}

export function resolveTraining(
  config: TrainingConfig<never> | TrainingConfig,
  overrides: readonly string[] = [],
  place = config.name,
): ResolvedTraining {
  let sections: Tree = { train: config.train, task: config.task };
  for (const override of overrides) sections = applyOverride(sections, override);
  const train = trainSchema.safeParse(sections["train"]);
  if (!train.success) {
    const issues = train.error.issues.map((issue) => `${["train", ...issue.path].join(".")}: ${issue.message}`);
    throw new InputError(`${place}: ${issues.join("; ")}`);
  }
  const task = sections["task"];
  const createTask = config.createTask.bind(config) as TrainingConfig["createTask"];
  return { ...config, train: train.data, task, createTask: async (context) => createTask(task, context) };
}

type Tree = Readonly<Record<string, unknown>>;

/** `a.b.c=value`: JSON, or text where it is not JSON. Only what exists can be set, except for absent options of `train`. */
function applyOverride(sections: Tree, override: string): Tree {
  const equals = override.indexOf("=");
  if (equals < 1) throw new InputError(`--set ${override}: expected path=value, such as train.schedule.peak=1e-4`);
  const path = override.slice(0, equals).split(".");
  const text = override.slice(equals + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: a word.
  }
  return setAt(sections, path, 0, value, `--set ${override}`) as Tree;
}

function setAt(node: unknown, path: readonly string[], depth: number, value: unknown, place: string): unknown {
  const here = path.slice(0, depth).join(".");
  if (depth === path.length) {
    if (
      node !== undefined &&
      node !== null &&
      (typeof node !== typeof value || Array.isArray(node) !== Array.isArray(value))
    )
      throw new InputError(`${place}: ${here} is ${describe(node)}, the value given is ${describe(value)}`);
    return value;
  }
  const key = path[depth]!;
  const open = path[0] === "train" && depth > 0;
  if (typeof node !== "object" || node === null) {
    if (!(open && node === undefined)) throw new InputError(`${place}: ${here} is ${describe(node)}, it has no parts`);
    return { [key]: setAt(undefined, path, depth + 1, value, place) };
  }
  if (!Object.hasOwn(node, key) && (!open || Array.isArray(node)))
    throw new InputError(
      `${place}: ${here || "a config"} has no "${key}", only ${Object.keys(node).join(", ") || "nothing"}`,
    );
  const changed = setAt((node as Tree)[key], path, depth + 1, value, place);
  return Array.isArray(node) ? node.with(Number(key), changed) : { ...node, [key]: changed };
}

function describe(value: unknown): string {
  if (value === undefined) return "absent";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" || typeof value === "function" ? `a ${typeof value}` : JSON.stringify(value);
}

function isConfig(value: unknown): value is TrainingConfig {
  if (typeof value !== "object" || value === null) return false;
  const config = value as Partial<TrainingConfig>;
  return typeof config.name === "string" && typeof config.createTask === "function" && "train" in config;
}
