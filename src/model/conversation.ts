/** How turns and images are written as one sequence: `<|im_start|>…<|im_end|>` a turn, and an image between its markers. */
import type { SequencePart } from "./sequence.ts";

/** Ids of the markers, under Qwen's names. */
export interface SpecialTokens {
  readonly turnStart: number;
  readonly turnEnd: number;
  readonly visionStart: number;
  readonly visionEnd: number;
}

export type ConversationItem =
  | { readonly type: "text"; readonly ids: readonly number[]; readonly loss: boolean }
  | {
      readonly type: "image";
      readonly image: number;
      readonly rows: number;
      readonly columns: number;
      readonly loss: boolean;
    };

export interface ConversationOptions {
  /** Noisy copies of every image with a loss. */
  readonly copies: number;
  /** Which encoders represent an image in the context. */
  readonly context: { readonly vit: boolean; readonly vae: boolean };
  /**
   * Whether a drawn image that ends the sample is closed (clean tokens, end markers), which teaches when to stop, or
   * left open, which is cheaper.
   */
  readonly closeLastImage: boolean;
}

/**
 * Turns change where `loss` changes: items without loss are the user's, items with loss the model's. The model learns
 * its texts, the `<|vision_start|>` before each of its images, and the `<|im_end|>` after its last item.
 */
export function conversationParts(
  items: readonly ConversationItem[],
  special: SpecialTokens,
  options: ConversationOptions,
): SequencePart[] {
  const parts: SequencePart[] = [];
  const marker = (id: number, loss: boolean) => parts.push({ type: "text", ids: [id], loss });
  items.forEach((item, i) => {
    const mine = item.loss;
    if (i === 0 || items[i - 1]!.loss !== mine) marker(special.turnStart, false);
    const last = i === items.length - 1;
    if (item.type === "text") parts.push(item);
    else {
      marker(special.visionStart, mine);
      const open = last && mine && !options.closeLastImage;
      parts.push({
        type: "image",
        image: item.image,
        rows: item.rows,
        columns: item.columns,
        vit: options.context.vit && !open,
        vae: options.context.vae && !open && !(last && mine),
        copies: mine ? options.copies : 0,
      });
      if (open) return;
      marker(special.visionEnd, false);
    }
    if (last || items[i + 1]!.loss !== mine) marker(special.turnEnd, mine);
  });
  return parts;
}

/**
 * The same content as a condition of classifier-free guidance sees it (Eq. 11): without text, images stay between their
 * markers; `upTo` is the image to be drawn, which keeps its noisy copies and loses everything after it.
 */
export function imagesOnly(parts: readonly SequencePart[], special: SpecialTokens): SequencePart[] {
  return parts.flatMap((part): SequencePart[] => {
    if (part.type === "text") return [];
    const open = !part.vit && !part.vae;
    const start: SequencePart = { type: "text", ids: [special.visionStart], loss: false };
    const end: SequencePart = { type: "text", ids: [special.visionEnd], loss: false };
    return open ? [start, part] : [start, part, end];
  });
}
