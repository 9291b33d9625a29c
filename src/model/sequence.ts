/**
 * From interleaved content to rows of the two branches, with positions (Fig. 4a), places for the attention rule
 * (attends.ts) and targets. Efficient Complete Teacher Forcing (Sec. 3.3): every image with a loss gets noisy copies
 * beside its clean tokens, so that one pass trains all images of a sample.
 */
import type { TokenPlace } from "./attends.ts";

/** Content of a sequence. Markers are ordinary text. */
export type SequencePart = TextRun | ImageGroup;

export interface TextRun {
  readonly type: "text";
  readonly ids: readonly number[];
  /** Whether the model learns to predict these tokens. */
  readonly loss: boolean;
}

export interface ImageGroup {
  readonly type: "image";
  /** The caller's name for the image: its place in a list of images. */
  readonly image: number;
  /** Token grid, the same for both encoders. */
  readonly rows: number;
  readonly columns: number;
  /** Clean tokens that later tokens see. */
  readonly vit: boolean;
  readonly vae: boolean;
  /** Noisy copies, each with a time of its own; 0 for an image that is only context. */
  readonly copies: number;
}

/** Coordinates (T, H, W) of a rotary position. */
export type Position = readonly [number, number, number];

export interface TextRow extends TokenPlace {
  readonly kind: "text" | "vit";
  readonly position: Position;
  /** Token id; for a ViT token, −1. */
  readonly id: number;
  /** Id of the next text token where it carries a loss, else −1. */
  readonly target: number;
  /** Image and token number of a ViT token, else −1. */
  readonly image: number;
  readonly token: number;
}

export interface VisualRow extends TokenPlace {
  readonly kind: "clean" | "noisy";
  readonly position: Position;
  readonly image: number;
  readonly token: number;
}

export interface Sequence {
  readonly text: readonly TextRow[];
  readonly visual: readonly VisualRow[];
  /** Order (and T) of the token that would come next. */
  readonly next: number;
}

/** `sample` tags every token (packing); `start` is the order of the first one (continuing a cached context). */
export function buildSequence(
  parts: readonly SequencePart[],
  options: { sample?: number; start?: number } = {},
): Sequence {
  const { sample = 0, start = 0 } = options;
  const text: TextRow[] = [];
  const visual: VisualRow[] = [];
  let order = start;
  /** The last text token, as long as no image has come after it: the next text token is its target. */
  let previous = -1;
  for (const part of parts) {
    if (part.type === "text") {
      for (const id of part.ids) {
        if (previous >= 0 && part.loss) text[previous] = { ...text[previous]!, target: id };
        previous = text.length;
        const position = [order, order, order] as const;
        text.push({ kind: "text", sample, order, copy: 0, position, id, target: -1, image: -1, token: -1 });
        order++;
      }
      continue;
    }
    previous = -1;
    const { image } = part;
    for (let token = 0; token < part.rows * part.columns; token++) {
      const position = [order, Math.floor(token / part.columns), token % part.columns] as const;
      const place = { sample, order, position, image, token };
      if (part.vit) text.push({ ...place, kind: "vit", copy: 0, id: -1, target: -1 });
      if (part.vae) visual.push({ ...place, kind: "clean", copy: 0 });
      for (let copy = 0; copy < part.copies; copy++) visual.push({ ...place, kind: "noisy", copy });
    }
    order++;
  }
  return { text, visual, next: order };
}
