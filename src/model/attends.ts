/** The one rule of who sees whom (Sec. 3.1, Fig. 5b): training, generation and tests all read it here. */
import type { MogaoConfig } from "./config.ts";

/** Markers inside a group (config.ts) are of the group's kind: they see and are seen as its tokens are. */
export type TokenKind = "text" | "vit" | "clean" | "noisy";

/** What the rule needs to know of a token. */
export interface TokenPlace {
  readonly kind: TokenKind;
  /** Samples packed into one row never see each other. */
  readonly sample: number;
  /** Place in the sequence: grows from text token to text token and from group to group; all tokens of a group share it. */
  readonly order: number;
  /** Which noisy copy of its image a noisy token belongs to; 0 elsewhere. */
  readonly copy: number;
}

export interface AttentionOptions {
  /** Text and ViT tokens see clean VAE tokens too. */
  readonly textSeesVae?: boolean;
}

/** What a configuration says of attention: where the VAE alone represents images (ablations A and B), text must see it. */
export function attentionOf({ textSeesVae, imageContext }: Pick<MogaoConfig, "textSeesVae" | "imageContext">): {
  readonly textSeesVae: boolean;
} {
  return { textSeesVae: textSeesVae ?? imageContext === "vae" };
}

/** Whether `query` attends to `key`. */
export function attends(query: TokenPlace, key: TokenPlace, options: AttentionOptions = {}): boolean {
  if (query.sample !== key.sample) return false;
  const earlier = key.order < query.order;
  const sameImage = key.order === query.order;
  switch (query.kind) {
    case "text": // for which "the same image" is the token itself
    case "vit":
      if (key.kind === "noisy") return false;
      if (key.kind === "clean") return earlier && options.textSeesVae === true;
      return earlier || sameImage;
    case "clean":
      return key.kind !== "noisy" && (earlier || sameImage);
    case "noisy":
      // Its own image's clean tokens are the answer; other noisy images are never context.
      return key.kind === "noisy" ? sameImage && key.copy === query.copy : earlier;
  }
}

/** Added to the score of a pair that must not attend. */
export const MASKED = -1e9;

/**
 * Additive attention bias of one row: writes 0 or MASKED for every (query, key) into `into` from `offset` on, row-major.
 * Undefined entries are padding: no token sees them, and what they compute is never read.
 */
export function writeBias(
  queries: readonly (TokenPlace | undefined)[],
  keys: readonly (TokenPlace | undefined)[],
  into: Float32Array | Float64Array,
  offset: number,
  options: AttentionOptions = {},
): void {
  let at = offset;
  for (const query of queries)
    for (const key of keys) into[at++] = query && key && attends(query, key, options) ? 0 : MASKED;
}
