import type { VitCodecConfig } from "../encoders/vit-codec.ts";
import type { MogaoConfig } from "../model/config.ts";
import type { Usage } from "./families/family-defaults.ts";
import type { KeyMap } from "./key-map.ts";
import type { StoredVae } from "./vae-files.ts";

/** A public checkpoint of a whole model, read but for its tensors. What concerns images is absent in a language model. */
export interface PublicModel {
  readonly model: MogaoConfig;
  readonly vit?: VitCodecConfig;
  readonly vae?: StoredVae;
  /** Preprocessing and defaults. */
  readonly usage: Usage;
  /** Folder of the tokenizer's files, inside the one that was read; default: that one. */
  readonly tokenizer?: string;
  /** Where transformer and ViT lie. */
  readonly weights: readonly PublicWeights[];
}

/** One that sees and draws. */
export type PublicImageModel = PublicModel & Required<Pick<PublicModel, "vit" | "vae">>;

export interface PublicWeights {
  readonly path: string;
  readonly map: KeyMap;
  /** Which parameters of ours it is to hold; default: all. */
  readonly holds?: (ours: string) => boolean;
}
