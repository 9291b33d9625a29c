import { createHash, randomBytes } from "node:crypto";
import { InputError } from "../../core/errors.ts";
import { JsonLinesLog } from "../../core/json-lines.ts";
import { Philox } from "../../core/random.ts";
import { encodePng } from "../../data/png.ts";
import { readImage } from "../../encoders/image-file.ts";
import { DIMENSIONS, keyOf, parseRatings, standing, type Dimension } from "./rating.ts";
import type { Study, StudyItem } from "./study.ts";

export interface RatingSessionOptions {
  readonly study: Study;
  readonly dimensions: readonly Dimension[];
  /** File of ratings to go on with. */
  readonly out: string;
  /** Of the orders in which raters see items and models. */
  readonly seed: number;
}

/** One item as a rater sees it: nothing in it tells the models. */
export interface RatingTask {
  /** Place in the rater's own order, from 0. */
  readonly position: number;
  readonly total: number;
  /** Items that the rater has rated completely. */
  readonly done: number;
  readonly prompt: string;
  readonly dimensions: readonly { readonly name: string; readonly question: string }[];
  readonly outputs: readonly BlindedOutput[];
}

export interface BlindedOutput {
  /** Names the picture; random, and another one in every session. */
  readonly token: string;
  readonly scores: Readonly<Record<string, number>>;
}

/** Long enough not to be guessed. */
const TOKEN_BYTES = 12;

/**
 * Hands out the items of a study to raters, blinded and in an order of each rater's own, and writes down what they say.
 * Everything that a rater has done is in the file of ratings, so that a session may be ended and gone on with.
 */
export class RatingSession {
  readonly #options: RatingSessionOptions;
  readonly #log: JsonLinesLog;
  readonly #scores: Map<string, number>;
  /** Item and model that each token stands for, and the other way round. */
  readonly #outputs = new Map<string, { readonly item: StudyItem; readonly model: string }>();
  readonly #tokens = new Map<string, string>();

  /** @throws InputError where the file holds ratings of another study, or none that can be read */
  static async open(options: RatingSessionOptions): Promise<RatingSession> {
    const { study, out } = options;
    const { log, values } = await JsonLinesLog.open(out);
    const ratings = parseRatings(values, out);
    const items = new Set(study.items.map(({ id }) => id));
    for (const { item, model } of ratings)
      if (!items.has(item) || !study.models.includes(model))
        throw new InputError(
          `${out}: holds a rating of ${JSON.stringify(model)} for the prompt ${JSON.stringify(item)}, which are not of this study; choose another file with --out`,
        );
    const scores = new Map(standing(ratings).map((rating) => [keyOf(rating), rating.score]));
    return new RatingSession(options, log, scores);
  }

  private constructor(options: RatingSessionOptions, log: JsonLinesLog, scores: Map<string, number>) {
    this.#options = options;
    this.#log = log;
    this.#scores = scores;
    for (const item of options.study.items) {
      for (const model of options.study.models) {
        const token = randomBytes(TOKEN_BYTES).toString("hex");
        this.#outputs.set(token, { item, model });
        this.#tokens.set(JSON.stringify([item.id, model]), token);
      }
    }
  }

  /** The item at a place in the rater's order; without one the first that is not complete, or the last. */
  task(rater: string, position?: number): RatingTask {
    const { study, dimensions } = this.#options;
    const order = shuffled(study.items, this.#seedOf("items", rater));
    const complete = order.map((item) => this.#isComplete(rater, item));
    const open = complete.indexOf(false);
    const at = Math.min(position ?? (open < 0 ? order.length : open), order.length - 1);
    const item = order[at]!;
    const models = shuffled(study.models, this.#seedOf("models", rater, item.id));
    return {
      position: at,
      total: order.length,
      done: complete.filter(Boolean).length,
      prompt: item.prompt,
      dimensions: dimensions.map((name) => ({ name, question: DIMENSIONS[name] })),
      outputs: models.map((model) => ({
        token: this.#tokens.get(JSON.stringify([item.id, model]))!,
        scores: this.#scoresOf(rater, item, model),
      })),
    };
  }

  /** Writes a score down. Resolves when it is in the file; false for an unknown token or dimension. */
  async rate(rater: string, token: string, dimension: string, score: number): Promise<boolean> {
    const output = this.#outputs.get(token);
    if (!output || !this.#options.dimensions.some((name) => name === dimension)) return false;
    const rating = { item: output.item.id, model: output.model, dimension, rater, score };
    await this.#log.append(rating);
    this.#scores.set(keyOf(rating), score);
    return true;
  }

  /**
   * The picture as PNG, or null for an unknown token. It is encoded afresh: metadata, format and size in bytes of the
   * file could tell the model.
   */
  async picture(token: string): Promise<Uint8Array | null> {
    const output = this.#outputs.get(token);
    if (!output) return null;
    return encodePng(await readImage(this.#options.study.pictureOf(output.item.id, output.model)));
  }

  #isComplete(rater: string, item: StudyItem): boolean {
    const { study, dimensions } = this.#options;
    return study.models.every((model) => Object.keys(this.#scoresOf(rater, item, model)).length === dimensions.length);
  }

  #scoresOf(rater: string, item: StudyItem, model: string): Record<string, number> {
    const scores: Record<string, number> = {};
    for (const dimension of this.#options.dimensions) {
      const score = this.#scores.get(keyOf({ item: item.id, model, dimension, rater }));
      if (score !== undefined) scores[dimension] = score;
    }
    return scores;
  }

  #seedOf(...words: readonly string[]): bigint {
    const text = JSON.stringify([this.#options.seed, ...words]);
    return createHash("sha256").update(text).digest().readBigUInt64LE();
  }
}

function shuffled<T>(items: readonly T[], seed: bigint): T[] {
  return new Philox(seed).shuffle([...items]);
}
