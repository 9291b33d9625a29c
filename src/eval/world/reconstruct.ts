/** What a model's autoencoder makes of pictures, by itself. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { RgbImage } from "../../core/image.ts";
import type { VaeCodec } from "../../encoders/vae-codec.ts";
import { openRuntime } from "../../runtime/open-runtime.ts";
import { loadVaeCodec } from "../../weights/vae-files.ts";

/** The autoencoder of a model's folder, or null where it has none. */
export async function openVae(folder: string): Promise<VaeCodec | null> {
  const present = await access(join(folder, "vae.safetensors")).then(
    () => true,
    () => false,
  );
  return present ? loadVaeCodec(await openRuntime(), folder) : null;
}

export async function reconstruct(vae: VaeCodec, image: RgbImage): Promise<RgbImage> {
  return vae.decode(await vae.encode([image]), image.width, image.height);
}
