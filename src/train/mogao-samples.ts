/** From a training sample to a sequence: tokens, image grids, and the condition dropout of classifier-free guidance. */
import type { Philox } from "../core/random.ts";
import type { RgbImage } from "../core/image.ts";
import type { Sample } from "../data/sample.ts";
import { conversationParts, imagesOnly, type ConversationItem, type SpecialTokens } from "../model/conversation.ts";
import { buildSequence, type Sequence, type SequencePart } from "../model/sequence.ts";

export interface SequenceOptions {
  /** Noisy copies of each image with a loss: several noise levels share one encoded context. */
  readonly copies: number;
  /** Probabilities of dropping, for guidance (Eq. 11): everything, all text, or one encoder's tokens of an image. */
  readonly drop: { readonly all: number; readonly text: number; readonly vit: number; readonly vae: number };
  /** Probability of closing a drawn image that ends a sample (conversation.ts). */
  readonly closeLastImage: number;
  /**
   * Which drawn images of a sample are learnt in its one pass: all of them (ECTF, Sec. 3.3; the default), or the last one alone, the
   * earlier ones being context.
   */
  readonly targets?: "all" | "last" | undefined;
  readonly context: { readonly vit: boolean; readonly vae: boolean };
  /** Whether images with a loss are drawn; without it they are skipped together with what asks for them. */
  readonly withFlow: boolean;
}

/** Pixels of one side of a token. */
export const TOKEN_SIDE = 16;

export interface PreparedSample {
  readonly kind: string;
  readonly sequence: Sequence;
  readonly images: readonly RgbImage[];
}

/** Deterministic given `random`. Images must be multiples of the token side. */
export function prepareSample(
  sample: Sample,
  tokenize: (text: string) => readonly number[],
  special: SpecialTokens,
  random: Philox,
  options: SequenceOptions,
): PreparedSample {
  const images: RgbImage[] = [];
  const items: ConversationItem[] = sample.items.map((item) => {
    if (item.type === "text") return { type: "text", ids: tokenize(item.text), loss: item.loss };
    images.push(item.image);
    const { width, height } = item.image;
    if (width % TOKEN_SIDE !== 0 || height % TOKEN_SIDE !== 0)
      throw new Error(`a training image is ${width}×${height}: expected multiples of ${TOKEN_SIDE} px`);
    return {
      type: "image",
      image: images.length - 1,
      rows: height / TOKEN_SIDE,
      columns: width / TOKEN_SIDE,
      loss: item.loss,
    };
  });
  const parts = conversationParts(items, special, {
    copies: options.withFlow ? options.copies : 0,
    context: options.context,
    closeLastImage: random.uniform() < options.closeLastImage,
  });
  const kept = dropConditions(options.targets === "last" ? lastTargetOnly(parts) : parts, special, random, options);
  return { kind: sample.kind, images, sequence: buildSequence(options.context.vit ? withoutUnread(kept) : kept) };
}

function lastTargetOnly(parts: readonly SequencePart[]): readonly SequencePart[] {
  const last = parts.findLastIndex((part) => part.type === "image" && part.copies > 0);
  return parts.map((part, i) => (part.type === "image" && i !== last ? { ...part, copies: 0 } : part));
}

/** Beside ViT tokens, clean VAE tokens are read by later drawn images alone (attends.ts): without one they are dead weight. */
function withoutUnread(parts: readonly SequencePart[]): readonly SequencePart[] {
  const lastDrawn = parts.findLastIndex((part) => part.type === "image" && part.copies > 0);
  return parts.map((part, i) => (part.type === "image" && i >= lastDrawn ? { ...part, vae: false } : part));
}

function dropConditions(
  parts: readonly SequencePart[],
  special: SpecialTokens,
  random: Philox,
  { drop }: SequenceOptions,
): readonly SequencePart[] {
  const choice = random.uniform();
  const drawn = parts.flatMap((part) => (part.type === "image" && part.copies > 0 ? [part] : []));
  if (drawn.length === 0) return parts;
  if (choice < drop.all) return imagesOnly([{ ...random.pick(drawn), vit: false, vae: false }], special);
  if (choice < drop.all + drop.text) return imagesOnly(parts, special);
  return parts.map((part) => {
    if (part.type === "text") return part;
    const vit = part.vit && random.uniform() >= drop.vit;
    const vae = part.vae && random.uniform() >= drop.vae;
    return { ...part, vit, vae };
  });
}
