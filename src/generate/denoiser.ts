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
  /** Token grid of the images. */
  readonly rows: number;
  readonly columns: number;
  /** Where the family has them inside its groups. */
  readonly markers?: Markers | undefined;
  readonly rule: GuidanceRule;
  /** Where guidance is on ({@link guidanceIsOn}); elsewhere the first branch of each image alone is evaluated. */
  readonly interval: readonly [number, number];
}

/** An image under one of its contexts: what is evaluated apart. */
interface Row {
  readonly image: number;
  readonly context: CachedContext;
}

/** Feeds and outputs of an evaluation of the first rows; all but x and t stay as they are. */
interface Evaluation {
  readonly feeds: Record<string, HostTensor>;
  readonly velocities: Float32Array;
  readonly into: Record<string, HostTensor>;
}

/**
 * The guided velocities (Eq. 11) of one image, or of several of one size that are drawn in step: all branches of all in one batch, the
 * keys and values of their contexts padded to the longest, once, when the denoiser is made. An image's branches of one context
 * are evaluated once.
 */
export class Denoiser {
  readonly #bound: BoundProgram;
  /** For each image, where in the batch's output each condition's velocity lies. */
  readonly #velocities: readonly (Record<"full", Float32Array> & Partial<Record<Condition, Float32Array>>)[];
  readonly #options: DenoiserOptions;
  readonly #tokenSize: number;
  readonly #guided: Evaluation;
  readonly #conditional: Evaluation;
  readonly #x: HostTensor & { data: Float32Array };
  readonly #time: HostTensor & { data: Float32Array };

  /** Of one image. `branches`: those of {@link guidanceConditions}. */
  static open(
    programs: ModelPrograms,
    branches: readonly DenoiserBranch[],
    options: DenoiserOptions,
  ): Promise<Denoiser> {
    return Denoiser.openBatch(programs, [branches], options);
  }

  /** Of several images, each with branches of its own. */
  static async openBatch(
    programs: ModelPrograms,
    images: readonly (readonly DenoiserBranch[])[],
    options: DenoiserOptions,
  ): Promise<Denoiser> {
    return new Denoiser(await programs.get("noisy"), programs, images, options);
  }

  private constructor(
    bound: BoundProgram,
    { config }: ModelPrograms,
    images: readonly (readonly DenoiserBranch[])[],
    options: DenoiserOptions,
  ) {
    this.#bound = bound;
    this.#options = options;
    this.#tokenSize = config.latentSize;
    const tokens = options.rows * options.columns;
    const size = tokens * config.latentSize;
    this.#x = {
      type: "float32",
      shape: [images.length, tokens, config.latentSize],
      data: floats(images.length * size),
    };
    this.#time = { type: "float32", shape: [1, 1], data: floats(1) };

    const all = rowsOf(images);
    const places = all.map(({ context }) => context.places());
    const past = Math.max(...places.map((list) => list.length));
    const row = config.kvHeads * config.headSize;
    const caches = Array.from({ length: 2 * config.layers }, () => floats(all.length * past * row));
    const { rows, columns, markers } = options;
    const image = { type: "image", image: 0, rows, columns, vit: false, vae: false, copies: 1, markers } as const;
    const layout = config.imageLayout;
    const groups = all.map(({ context }) => {
      const position = layout?.drawsInPlace ? context.onlyImageAt(options) : undefined;
      return buildSequence([{ ...image, position }], { start: context.next, layout });
    });
    const keys = past + groups[0]!.text.length + tokens;
    const bias = floats(all.length * keys);
    all.forEach(({ context }, b) => {
      context.copyPast(caches, b * past);
      const { text, visual } = groups[b]!;
      const seen: (TokenPlace | undefined)[] = [...places[b]!];
      seen.length = past;
      // All noisy rows of an image see the same, so that one row of bias serves them all.
      writeBias([visual[0]], [...seen, ...text, ...visual], bias, b * keys);
    });
    const index = BigInt64Array.from(all, (one) => BigInt(one.image));
    const evaluation = (count: number): Evaluation => {
      const part = (data: Float32Array, shape: readonly number[]) =>
        feedTensor([count, ...shape], data.subarray(0, (data.length / all.length) * count));
      const pasts = caches.map((data, i) => {
        const name = cacheNames("past", i >> 1)[i & 1]!;
        return [name, part(data, [past, config.kvHeads, config.headSize])] as const;
      });
      const feeds = bound.feeds({
        ...groupFeeds(config, groups.slice(0, count)),
        latents: this.#x,
        image_index: feedTensor([count], index.slice(0, count)),
        times: this.#time,
        bias: part(bias, [1, 1, keys]),
        ...Object.fromEntries(pasts),
      });
      const velocities = floats(count * size);
      return { feeds, velocities, into: { velocity: feedTensor([count, tokens, config.latentSize], velocities) } };
    };
    this.#guided = evaluation(all.length);
    this.#conditional = all.length === images.length ? this.#guided : evaluation(images.length);
    this.#velocities = images.map((branches, i) => {
      const velocityOf = (wanted: CachedContext) => {
        const at = all.findIndex((one) => one.image === i && one.context === wanted) * size;
        return this.#guided.velocities.subarray(at, at + size);
      };
      return {
        full: velocityOf(branches[0]!.context),
        ...Object.fromEntries(branches.map(({ condition, context }) => [condition, velocityOf(context)])),
      };
    });
  }

  /** Numbers of the images: images · tokens · latentSize. */
  get size(): number {
    return this.#x.data.length;
  }

  /** A velocity field for flow-sampler.ts, of the images one after another. */
  velocity = async (x: Float32Array, t: number, into: Float32Array): Promise<void> => {
    const { rule, interval } = this.#options;
    const on = guidanceIsOn(t, interval);
    const { feeds, velocities, into: outputs } = on ? this.#guided : this.#conditional;
    this.#x.data.set(x);
    this.#time.data[0] = t;
    await this.#bound.program.run(feeds, outputs);
    if (!on) {
      into.set(velocities);
      return;
    }
    const size = into.length / this.#velocities.length;
    for (const [i, ofImage] of this.#velocities.entries())
      guide(rule, ofImage, this.#tokenSize, into.subarray(i * size, (i + 1) * size));
  };
}

/** The first context of each image, then the others, so that what is evaluated without guidance comes first. */
function rowsOf(images: readonly (readonly DenoiserBranch[])[]): readonly Row[] {
  const contexts = images.map((branches) => [...new Set(branches.map(({ context }) => context))]);
  return [
    ...contexts.map(([first], image) => ({ image, context: first! })),
    ...contexts.flatMap((others, image) => others.slice(1).map((context) => ({ image, context }))),
  ];
}
