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
  /** Where the weights of transformer and ViT lie, under the names of `map`. */
  readonly weights: string;
  readonly map: KeyMap;
}
