import { attentionOf, writeBias, type TokenPlace } from "../model/attends.ts";
import {
  buildSequence,
  type Grid,
  type Markers,
  type SequencePart,
  type TextRow,
  type VisualRow,
} from "../model/sequence.ts";
import { feedTensor, floats } from "./feed-tensor.ts";
import { KeyValueCache, NEW_ROWS } from "./key-value-cache.ts";
import type { ModelPrograms } from "./model-programs.ts";
import { groupFeeds } from "./group-feeds.ts";
import { TextRun, type CachedPast, type QueuedTextRow } from "./text-run.ts";

/** A finished image as context. */
export interface ContextImage {
  /** Token grid. */
  readonly rows: number;
  readonly columns: number;
  /** [tokens, vitSize]; asked for when ViT rows run. Absent where the VAE alone represents images. */
  readonly vitTokens?: (() => Promise<Float32Array>) | undefined;
  /** The ViT's own token grid, where it is another one. */
  readonly vitGrid?: Grid | undefined;
  /**
   * [rows · columns, latentSize]; asked for when something runs that sees VAE tokens. Absent where none are to be seen: families whose
   * text would see them leave them out to understand.
   */
  readonly latents?: (() => Promise<Float32Array>) | undefined;
}

export type ContextPart =
  | { readonly type: "text"; readonly ids: readonly number[] }
  | {
      readonly type: "image";
      readonly image: ContextImage;
      /** Where the family has them inside its groups. */
      readonly markers?: Markers | undefined;
    };

/** Where a context stood; see {@link CachedContext.rollback}. */
export interface ContextMark {
  readonly next: number;
  readonly text: number;
  readonly clean: number;
  readonly queuedText: readonly QueuedTextRow[];
  readonly queuedImages: readonly QueuedImage[];
}

/** The VAE group of an image: its latents, and markers inside it. */
interface QueuedImage {
  readonly markers: readonly TextRow[];
  readonly rows: readonly VisualRow[];
  readonly image: ContextImage;
}

/** Most rows of one run, so that the bias of a long prompt stays small; an image's rows are never split. */
const CHUNK_ROWS = 512;

/**
 * A sequence of text and images, and the keys and values of what of it has been run: one cache for text and ViT rows,
 * one for clean VAE rows, because text never reads the latter (Sec. 3.1). Parts are queued by `push` and run when their
 * effect is asked for, so that neighbours share a run. One call at a time.
 */
export class CachedContext {
  readonly #programs: ModelPrograms;
  readonly #textSeesVae: boolean;
  readonly #text: KeyValueCache;
  readonly #clean: KeyValueCache;
  /** Of the cached rows. */
  readonly #textPlaces: TokenPlace[] = [];
  readonly #cleanPlaces: (TextRow | VisualRow)[] = [];
  readonly #past: CachedPast;
  #queuedText: readonly QueuedTextRow[] = [];
  #queuedImages: readonly QueuedImage[] = [];
  #next = 0;
  /** Order of the first ViT group that stands apart in T (sequence.ts). */
  #vitOrigin: number | undefined;
  #textRun: TextRun | undefined;

  constructor(programs: ModelPrograms) {
    this.#programs = programs;
    this.#textSeesVae = attentionOf(programs.config).textSeesVae;
    this.#text = new KeyValueCache(programs.config);
    this.#clean = new KeyValueCache(programs.config);
    this.#past = { text: this.#text, clean: this.#clean, places: () => this.places() };
  }

  /** Order (and T) of the token or image that comes next. */
  get next(): number {
    return this.#next;
  }

  /** Position at which the VAE group of the only cached image begins, if its grid is this one. */
  onlyImageAt({ rows, columns }: Grid): number | undefined {
    const [first, last] = [this.#cleanPlaces[0], this.#cleanPlaces.at(-1)];
    const isOne = first !== undefined && first.order === last?.order;
    const fits = isOne && "cell" in last && last.cell.row === rows - 1 && last.cell.column === columns - 1;
    return fits ? first.position[0] : undefined;
  }

  /** Text, ViT and clean VAE rows, run or not. */
  get length(): number {
    const queued = this.#queuedImages.reduce(
      (sum, { markers, rows }) => sum + markers.length + rows.length,
      this.#queuedText.length,
    );
    return this.#textPlaces.length + this.#cleanPlaces.length + queued;
  }

  push(...parts: readonly ContextPart[]): void {
    const images: ContextImage[] = [];
    const sequence = buildSequence(
      parts.map((part): SequencePart => {
        if (part.type === "text") return { ...part, loss: false };
        const { rows, columns, vitGrid, vitTokens, latents } = part.image;
        const [vit, vae] = [vitTokens !== undefined, latents !== undefined];
        const image = images.push(part.image) - 1;
        return { type: "image", image, rows, columns, vitGrid, vit, vae, copies: 0, markers: part.markers };
      }),
      { start: this.#next, layout: this.#programs.config.imageLayout, vitOrigin: this.#vitOrigin },
    );
    this.#next = sequence.next;
    this.#vitOrigin = sequence.vitOrigin;
    const vit = images.map(({ rows, columns, vitGrid = { rows, columns }, vitTokens }) =>
      vitTokens ? { grid: vitGrid, tokens: vitTokens } : undefined,
    );
    const isLatents = ({ kind }: TokenPlace) => kind === "clean";
    this.#queuedText = [
      ...this.#queuedText,
      ...sequence.text.filter((row) => !isLatents(row)).map((row) => ({ row, vit: vit[row.image] })),
    ];
    this.#queuedImages = [
      ...this.#queuedImages,
      ...images
        .map((image, i) => ({
          image,
          markers: sequence.text.filter((row) => row.image === i && isLatents(row)),
          rows: sequence.visual.filter((row) => row.image === i),
        }))
        .filter(({ rows }) => rows.length > 0),
    ];
  }

  /** Logits [vocabulary] of the token after the last one, which must be text and new. Overwritten by the next run. */
  async logits(): Promise<Float32Array> {
    const logits = await this.#runText(true);
    if (!logits) throw new Error("CachedContext.logits: nothing was pushed since the last run");
    return logits;
  }

  /** Runs all text and ViT rows that are queued. */
  async settleText(): Promise<void> {
    await this.#runText(false);
  }

  /** Runs all that is queued, so that noisy rows can attend to it. */
  async settle(): Promise<void> {
    await this.#runText(false);
    await this.#runImages(Infinity);
  }

  /** Places of all cached rows, text and ViT first, then clean VAE. */
  places(): readonly TokenPlace[] {
    return [...this.#textPlaces, ...this.#cleanPlaces];
  }

  /** Copies keys and values of all cached rows, in the order of {@link places}; see {@link KeyValueCache.copyInto}. */
  copyPast(targets: readonly Float32Array[], at: number): void {
    this.#text.copyInto(targets, at);
    this.#clean.copyInto(targets, at + this.#text.length);
  }

  /** A context of its own that begins as this one stands, or stood at order `before`. This one must be settled. */
  copy(before = this.#next): CachedContext {
    const copy = new CachedContext(this.#programs);
    copy.#next = before;
    copy.#vitOrigin = this.#vitOriginBefore(before);
    copy.#textPlaces.push(...this.#textPlaces.filter(({ order }) => order < before));
    copy.#cleanPlaces.push(...this.#cleanPlaces.filter(({ order }) => order < before));
    copy.#text.copyFrom(this.#text, copy.#textPlaces.length);
    copy.#clean.copyFrom(this.#clean, copy.#cleanPlaces.length);
    return copy;
  }

  mark(): ContextMark {
    return {
      next: this.#next,
      text: this.#textPlaces.length,
      clean: this.#cleanPlaces.length,
      queuedText: this.#queuedText,
      queuedImages: this.#queuedImages,
    };
  }

  /** Forgets what was pushed since the mark was taken. */
  rollback(mark: ContextMark): void {
    this.#next = mark.next;
    this.#vitOrigin = this.#vitOriginBefore(mark.next);
    this.#textPlaces.length = mark.text;
    this.#cleanPlaces.length = mark.clean;
    this.#text.truncate(mark.text);
    this.#clean.truncate(mark.clean);
    this.#queuedText = mark.queuedText;
    this.#queuedImages = mark.queuedImages;
  }

  #vitOriginBefore(order: number): number | undefined {
    return this.#vitOrigin !== undefined && this.#vitOrigin < order ? this.#vitOrigin : undefined;
  }

  async #runText(wantLogits: boolean): Promise<Float32Array | undefined> {
    let logits: Float32Array | undefined;
    while (this.#queuedText.length > 0) {
      this.#textRun ??= new TextRun(await this.#programs.get("text"), this.#programs.config);
      if (this.#textSeesVae) await this.#runImages(this.#queuedText[0]!.row.order);
      const end = this.#chunkEnd();
      const chunk = this.#queuedText.slice(0, end);
      logits = await this.#textRun.run(chunk, this.#past, wantLogits && end === this.#queuedText.length);
      for (const { row } of chunk) this.#textPlaces.push(row);
      this.#queuedText = this.#queuedText.slice(end);
    }
    return logits;
  }

  /** Number of queued text rows that the next run takes: whole images, and none that must see a queued VAE row. */
  #chunkEnd(): number {
    const queue = this.#queuedText;
    const limit = this.#textSeesVae ? (this.#queuedImages[0]?.rows[0]!.order ?? Infinity) : Infinity;
    let end = 0;
    for (let i = 1; i <= queue.length; i++) {
      const { order } = queue[i - 1]!.row;
      if (order > limit || (end > 0 && i > CHUNK_ROWS)) break;
      if (queue[i]?.row.order !== order) end = i;
    }
    return end;
  }

  /** Runs the clean VAE rows of the queued images that come before `order`. */
  async #runImages(order: number): Promise<void> {
    for (let next = this.#queuedImages[0]; next && next.rows[0]!.order < order; next = this.#queuedImages[0]) {
      const { program, inputs, feeds: newFeeds } = await this.#programs.get("clean");
      const { config } = this.#programs;
      const { markers, rows, image } = next;
      const group = [...markers, ...rows];
      const keys = [...this.places(), ...group];
      const bias = floats(group.length * keys.length);
      writeBias(group, keys, bias, 0, attentionOf(config));
      const feeds = newFeeds({
        ...groupFeeds(config, [{ text: markers, visual: rows }]),
        latents: feedTensor([1, rows.length, config.latentSize], await image.latents!()),
        bias: feedTensor([1, 1, group.length, keys.length], bias),
      });
      this.#text.feed(feeds, "text", inputs);
      this.#clean.feed(feeds, "clean", inputs);
      const { [NEW_ROWS]: newRows } = await program.run(feeds);
      this.#clean.append(newRows!);
      this.#cleanPlaces.push(...group);
      this.#queuedImages = this.#queuedImages.slice(1);
    }
  }
}
