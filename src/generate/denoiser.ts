import { writeBias, type TokenPlace } from "../model/attends.ts";
import { guidanceIsOn, guide, type Condition, type GuidanceRule } from "../model/guidance.ts";
import { buildSequence, type Markers } from "../model/sequence.ts";
import type { HostTensor } from "../runtime/types.ts";
import type { CachedContext } from "./context.ts";
import { feedTensor, floats } from "./feed-tensor.ts";
import { groupFeeds } from "./group-feeds.ts";
import { cacheNames } from "./key-value-cache.ts";
import type { ModelPrograms, BoundProgram } from "./model-programs.ts";

/** A condition under which the velocity is evaluated, and its context, which is settled. */
export interface DenoiserBranch {
  readonly condition: Condition;
  readonly context: CachedContext;
}

export interface DenoiserOptions {
  /** Token grid of the image. */
  readonly rows: number;
  readonly columns: number;
  /** Where the family has them inside its groups. */
  readonly markers?: Markers | undefined;
  readonly rule: GuidanceRule;
  /** Where guidance is on ({@link guidanceIsOn}); elsewhere the first branch alone is evaluated. */
  readonly interval: readonly [number, number];
}

/** Feeds and outputs of an evaluation of the first `branches` branches; all but x and t stay as they are. */
interface Evaluation {
  readonly feeds: Record<string, HostTensor>;
  readonly velocities: Float32Array;
  readonly into: Record<string, HostTensor>;
}

/**
 * The guided velocity of one image (Eq. 11): all branches in one batch, the keys and values of their contexts padded to
 * the longest, once, when the denoiser is made. Branches of one context are evaluated once.
 */
export class Denoiser {
  readonly #bound: BoundProgram;
  /** Where in the batch's output each condition's velocity lies. */
  readonly #velocities: Record<"full", Float32Array> & Partial<Record<Condition, Float32Array>>;
  readonly #options: DenoiserOptions;
  readonly #tokenSize: number;
  readonly #guided: Evaluation;
  readonly #conditional: Evaluation;
  readonly #x: HostTensor & { data: Float32Array };
  readonly #time: HostTensor & { data: Float32Array };

  /** `branches`: those of {@link guidanceConditions}. */
  static async open(
    programs: ModelPrograms,
    branches: readonly DenoiserBranch[],
    options: DenoiserOptions,
  ): Promise<Denoiser> {
    return new Denoiser(await programs.get("noisy"), programs, branches, options);
  }

  private constructor(
    bound: BoundProgram,
    { config }: ModelPrograms,
    branches: readonly DenoiserBranch[],
    options: DenoiserOptions,
  ) {
    this.#bound = bound;
    this.#options = options;
    this.#tokenSize = config.latentSize;
    const tokens = options.rows * options.columns;
    const size = tokens * config.latentSize;
    this.#x = { type: "float32", shape: [1, tokens, config.latentSize], data: floats(size) };
    this.#time = { type: "float32", shape: [1, 1], data: floats(1) };

    const contexts = [...new Set(branches.map(({ context }) => context))];
    const places = contexts.map((context) => context.places());
    const past = Math.max(...places.map((list) => list.length));
    const row = config.kvHeads * config.headSize;
    const caches = Array.from({ length: 2 * config.layers }, () => floats(contexts.length * past * row));
    const { rows, columns, markers } = options;
    const image = { type: "image", image: 0, rows, columns, vit: false, vae: false, copies: 1, markers } as const;
    const layout = config.imageLayout;
    const groups = contexts.map((context) => {
      const position = layout?.drawsInPlace ? context.onlyImageAt(options) : undefined;
      return buildSequence([{ ...image, position }], { start: context.next, layout });
    });
    const keys = past + groups[0]!.text.length + tokens;
    const bias = floats(contexts.length * keys);
    contexts.forEach((context, b) => {
      context.copyPast(caches, b * past);
      const { text, visual } = groups[b]!;
      const seen: (TokenPlace | undefined)[] = [...places[b]!];
      seen.length = past;
      // All noisy rows of an image see the same, so that one row of bias serves them all.
      writeBias([visual[0]], [...seen, ...text, ...visual], bias, b * keys);
    });
    const evaluation = (count: number): Evaluation => {
      const part = (data: Float32Array, shape: readonly number[]) =>
        feedTensor([count, ...shape], data.subarray(0, (data.length / contexts.length) * count));
      const pasts = caches.map((data, i) => {
        const name = cacheNames("past", i >> 1)[i & 1]!;
        return [name, part(data, [past, config.kvHeads, config.headSize])] as const;
      });
      const feeds = bound.feeds({
        ...groupFeeds(config, groups.slice(0, count)),
        latents: this.#x,
        times: this.#time,
        bias: part(bias, [1, 1, keys]),
        ...Object.fromEntries(pasts),
      });
      const velocities = floats(count * size);
      return { feeds, velocities, into: { velocity: feedTensor([count, tokens, config.latentSize], velocities) } };
    };
    this.#guided = evaluation(contexts.length);
    this.#conditional = contexts.length === 1 ? this.#guided : evaluation(1);
    const velocityOf = (context: CachedContext) => {
      const at = contexts.indexOf(context) * size;
      return this.#guided.velocities.subarray(at, at + size);
    };
    this.#velocities = {
      full: velocityOf(branches[0]!.context),
      ...Object.fromEntries(branches.map(({ condition, context }) => [condition, velocityOf(context)])),
    };
  }

  /** Numbers of the image: tokens · latentSize. */
  get size(): number {
    return this.#x.data.length;
  }

  /** A velocity field for flow-sampler.ts. */
  velocity = async (x: Float32Array, t: number, into: Float32Array): Promise<void> => {
    const { rule, interval } = this.#options;
    const on = guidanceIsOn(t, interval);
    const { feeds, velocities, into: outputs } = on ? this.#guided : this.#conditional;
    this.#x.data.set(x);
    this.#time.data[0] = t;
    await this.#bound.program.run(feeds, outputs);
    if (on) guide(rule, this.#velocities, this.#tokenSize, into);
    else into.set(velocities);
  };
}
