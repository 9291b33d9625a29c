import { attentionOf, MASKED, writeBias, type TokenPlace } from "../model/attends.ts";
import { vitTokenSize, type MogaoConfig } from "../model/config.ts";
import { tableRows } from "../model/position-table.ts";
import { gridCells, type Grid, type TextRow } from "../model/sequence.ts";
import { allocateTensor } from "../runtime/host-tensor.ts";
import type { HostTensor } from "../runtime/types.ts";
import { feedTensor, floats } from "./feed-tensor.ts";
import { NEW_ROWS, type KeyValueCache } from "./key-value-cache.ts";
import type { BoundProgram } from "./model-programs.ts";

/** A row to run; `vit` are the tokens of the image that a ViT row belongs to. */
export interface QueuedTextRow {
  readonly row: TextRow;
  readonly vit?: VitTokens | undefined;
}

export interface VitTokens {
  readonly grid: Grid;
  /** [rows · columns, vitSize] */
  readonly tokens: () => Promise<Float32Array>;
}

/** What the rows of a run attend to, beside each other. */
export interface CachedPast {
  readonly text: KeyValueCache;
  readonly clean: KeyValueCache;
  /** Places of the rows of both, text first. */
  places(): readonly TokenPlace[];
}

/** Runs text and ViT rows of one context. Feeds are kept from run to run: a single token allocates next to nothing. */
export class TextRun {
  readonly #bound: BoundProgram;
  readonly #config: MogaoConfig;
  readonly #feeds: Record<string, HostTensor>;
  readonly #into: Record<string, HostTensor> = {};
  readonly #logits: HostTensor;
  readonly #noLogits: HostTensor;
  readonly #noVit: HostTensor;
  readonly #oneRow: HostTensor;
  #bias = feedTensor([1, 1, 1, 1], floats(1));

  constructor(bound: BoundProgram, config: MogaoConfig) {
    this.#bound = bound;
    this.#config = config;
    this.#feeds = bound.feeds();
    this.#logits = feedTensor([1, config.vocabularySize], floats(config.vocabularySize));
    this.#noLogits = feedTensor([0, config.vocabularySize], floats(0));
    this.#oneRow = allocateTensor("float32", [2 * config.layers, 1, config.kvHeads, config.headSize]);
    this.#noVit = feedTensor([1, vitTokenSize(config)], floats(vitTokenSize(config)));
  }

  /** Appends the rows to `past.text`; returns the logits of the last one where they are wanted, until the next run. */
  async run(rows: readonly QueuedTextRow[], past: CachedPast, wantLogits: boolean): Promise<Float32Array | undefined> {
    const { textSeesVae } = attentionOf(this.#config);
    const feeds = this.#feeds;
    const t = rows.length;
    feeds["ids"] = feedTensor(
      [1, t],
      BigInt64Array.from(rows, ({ row }) => BigInt(Math.max(0, row.id))),
    );
    await this.#feedVit(rows);
    feeds["text_positions"] = feedTensor([1, t, 1, 3], Float32Array.from(rows.flatMap(({ row }) => row.position)));
    feeds["bias"] = t === 1 ? this.#openBias(past, textSeesVae) : this.#ruledBias(rows, past, textSeesVae);
    feeds["logit_rows"] = feedTensor([wantLogits ? 1 : 0], BigInt64Array.from(wantLogits ? [BigInt(t - 1)] : []));
    past.text.feed(feeds, "text", this.#bound.inputs, t === 1 ? past.text.roundedLength : past.text.length);
    past.clean.feed(feeds, "clean", this.#bound.inputs);
    this.#into["logits"] = wantLogits ? this.#logits : this.#noLogits;
    if (t === 1) this.#into[NEW_ROWS] = this.#oneRow;
    else delete this.#into[NEW_ROWS];
    const { [NEW_ROWS]: newRows } = await this.#bound.program.run(feeds, this.#into);
    past.text.append(newRows!);
    return wantLogits ? (this.#logits.data as Float32Array) : undefined;
  }

  /** The tokens of the images among the rows, one after another, and each ViT row's place in them. */
  async #feedVit(rows: readonly QueuedTextRow[]): Promise<void> {
    const { vitTable } = this.#config;
    const size = vitTokenSize(this.#config);
    const images = [...new Set(rows.flatMap(({ row, vit }) => (row.token >= 0 && vit ? [vit] : [])))];
    const tokens: Float32Array[] = [];
    for (const image of images) tokens.push(await image.tokens());
    const starts = new Map<VitTokens, number>();
    let count = 0;
    for (const [i, image] of images.entries()) {
      starts.set(image, count);
      count += tokens[i]!.length / size;
    }
    const index = rows.map(({ row, vit }) => (row.token >= 0 && vit ? 1 + starts.get(vit)! + row.token : 0));
    this.#feeds["vit_index"] = feedTensor([1, rows.length], BigInt64Array.from(index, BigInt));
    if (count === 0) {
      this.#feeds["vit_tokens"] = this.#noVit;
      if (vitTable) this.#feeds["vit_places"] = feedTensor([1], new BigInt64Array(1));
      return;
    }
    const all = floats(count * size);
    for (const [i, image] of images.entries()) all.set(tokens[i]!, starts.get(image)! * size);
    this.#feeds["vit_tokens"] = feedTensor([count, size], all);
    if (vitTable) {
      const cells = images.flatMap(({ grid }) => gridCells(grid));
      this.#feeds["vit_places"] = feedTensor([count], tableRows(vitTable, cells));
    }
  }

  /** Of one row over the rounded cache: all that is cached, and that this row could see, comes before it. */
  #openBias(past: CachedPast, textSeesVae: boolean): HostTensor {
    const { length, roundedLength } = past.text;
    const keys = roundedLength + (textSeesVae ? past.clean.length : 0) + 1;
    if (this.#bias.data.length !== keys) this.#bias = feedTensor([1, 1, 1, keys], floats(keys));
    (this.#bias.data as Float32Array).fill(0).fill(MASKED, length, roundedLength);
    return this.#bias;
  }

  #ruledBias(rows: readonly QueuedTextRow[], past: CachedPast, textSeesVae: boolean): HostTensor {
    const places = rows.map(({ row }) => row);
    const keys = [...past.places().slice(0, past.text.length + (textSeesVae ? past.clean.length : 0)), ...places];
    const bias = floats(rows.length * keys.length);
    writeBias(places, keys, bias, 0, { textSeesVae });
    return feedTensor([1, 1, rows.length, keys.length], bias);
  }
}
