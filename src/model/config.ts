/** One record holds every choice of the architecture; presets.ts has the named ones. */
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
  /** Frequency allocation: IL-RoPE (Eq. 9) or M-RoPE (Eq. 8). */
  readonly rope: "interleaved" | "mrope";
  /** Separate weights per modality (Fig. 3), or one set for both (ablation A-C of Table 5). */
  readonly fusion: "deep" | "shared";
  /** What represents an image in the context: both encoders, or the VAE alone (ablation A and B), which text then sees. */
  readonly imageContext: "vit+vae" | "vae";
  /** Numbers in one VAE token: latent channels × patch². */
  readonly latentSize: number;
  /** Width of the timestep embedding that modulates the visual branch (AdaLN-Zero). */
  readonly conditionSize: number;
  /** Factor on t before the sinusoids. */
  readonly timeScale: number;
}

/** Width of the sinusoidal timestep embedding. */
export const SINUSOID_SIZE = 256;
