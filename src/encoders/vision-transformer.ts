import type { Tensor } from "../graph/tensor.ts";
import type { ParameterScope } from "../nn/parameters.ts";
import { SiglipVit } from "./siglip-vit.ts";
import type { VitConfig } from "./vit-config.ts";
import { Vit } from "./vit.ts";

/** What all vision transformers have in common; see {@link Vit} and {@link SiglipVit}. */
export interface VisionTransformer {
  readonly config: VitConfig;
  /** Numbers in one flattened patch. */
  readonly patchSize: number;
  /** Places that a picture's patches come in multiples of. */
  readonly group: number;
  forward(patches: Tensor, positions: Tensor, padding?: Tensor): Tensor;
}

/** The vision transformer of a configuration, its parameters declared in `scope`. */
export function createVit(scope: ParameterScope, config: VitConfig): VisionTransformer {
  return config.architecture === "siglip" ? new SiglipVit(scope, config) : new Vit(scope, config);
}
