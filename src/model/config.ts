/**
 * One record holds every choice of the architecture; presets.ts has the named ones. What is optional belongs to other
 * families (docs/decisions/families.md): absent, it is the paper's choice.
 */
export interface MogaoConfig {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly ffnSize: number;
  readonly vocabularySize: number;
  readonly rmsNormEpsilon: number;
  /** Base frequency β of the rotary embedding. */
  readonly ropeTheta: number;
  /** Frequency allocation: IL-RoPE (Eq. 9), M-RoPE (Eq. 8), or all of it to T, as in a language model. */
  readonly rope: "interleaved" | "mrope" | "1d";
  /** Channel pairs of a head that M-RoPE turns by T, H and W; default: a quarter, three eighths, three eighths. */
  readonly ropeSections?: readonly [time: number, height: number, width: number] | undefined;
  /** Separate weights per modality (Fig. 3), or one set for both (ablation A-C of Table 5). */
  readonly fusion: "deep" | "shared";
  /**
   * What represents an image in the context: both encoders, or the VAE alone (ablation A and B), which text then sees; or nothing, in
   * a language model, which has neither a visual branch nor anything else that images need.
   */
  readonly imageContext: "vit+vae" | "vae" | "none";
  /** Numbers in one VAE token: latent channels × patch². */
  readonly latentSize: number;
  /** Width of the timestep embedding; hiddenSize where it is added. */
  readonly conditionSize: number;
  /** Factor on t before the sinusoids. */
  readonly timeScale: number;
  /** The embedding modulates the visual branch in every block (the paper), or is added to the latent tokens once. */
  readonly timeConditioning?: "adaln-zero" | "added" | undefined;
  /**
   * Which end of the network's own time is data: at 1 in the paper (Eq. 3), at 0 in BAGEL. The network predicts dx/dt of
   * that time. Everything outside mogao.ts counts as the paper does.
   */
  readonly dataAtTime?: 1 | 0 | undefined;
  /** An RMS norm of each head's queries and keys, before they are rotated. */
  readonly queryKeyNorm?: { readonly text: boolean; readonly visual: boolean } | undefined;
  /** A text head of its own instead of the table of embeddings. */
  readonly untiedHead?: boolean | undefined;
  /** Text and ViT tokens see the clean VAE tokens of earlier images. */
  readonly textSeesVae?: boolean | undefined;
  readonly imageLayout?: ImageLayout | undefined;
  /** Position tables added to the tokens of an encoder. */
  readonly latentTable?: PositionTable | undefined;
  readonly vitTable?: PositionTable | undefined;
  /** Width of the ViT's tokens, which an MLP takes to hiddenSize; absent: they are as wide already. */
  readonly connectorSize?: number | undefined;
}

/** Width of the ViT's tokens as the model takes them. */
export function vitTokenSize({ connectorSize, hiddenSize }: MogaoConfig): number {
  return connectorSize ?? hiddenSize;
}

/** How an image stands in the sequence (sequence.ts). */
export interface ImageLayout {
  /**
   * `shared`: ViT and VAE tokens of an image are one group with equal positions (the paper). Otherwise each encoder's tokens
   * are a group of their own, of which the later one sees the earlier.
   */
  readonly groups: "shared" | "vae-vit" | "vit-vae";
  /**
   * `text`: `<|vision_start|>` and `<|vision_end|>` are ordinary text around the image (the paper). `inside`: each group has
   * the pair within it, where all of the group see each other; its weights stay those of text.
   */
  readonly markers: "text" | "inside";
  /**
   * `step`: tokens stand at (T, row, column) and a group takes one step of T; markers inside stand at T, too (the paper,
   * BAGEL). `extent`: tokens stand at (p, p + row, p + column), and what follows after the largest of these (Qwen2-VL).
   */
  readonly positions: "step" | "extent";
  /**
   * T at which the first ViT group begins of images whose VAE groups are there, too; later ones follow at their distance from it (Lance).
   * Default: the running T.
   */
  readonly vitTime?: number | undefined;
  /** An image that is drawn after a single one of equal size stands where that one's VAE group does (Lance's edits). */
  readonly drawsInPlace?: boolean | undefined;
}

export const paperLayout: ImageLayout = { groups: "shared", markers: "text", positions: "step" };

/** Fixed sines and cosines for the places of a square grid, row by row. */
export interface PositionTable {
  /** Places a side; larger grids of tokens have no positions. */
  readonly side: number;
  /** Which coordinates share the width, in this order. T is 0: images are first frames. */
  readonly axes: "WH" | "THW";
}

/** Width of the sinusoidal timestep embedding. */
export const SINUSOID_SIZE = 256;
