import { writeFile } from "node:fs/promises";
import sharp from "sharp";
import type { RgbImage } from "../core/image.ts";

/** The picture as the bytes of a PNG file. */
export async function encodePng(image: RgbImage): Promise<Uint8Array> {
  const raw = { width: image.width, height: image.height, channels: 3 } as const;
  return sharp(image.data, { raw }).png().toBuffer();
}

/** Writes the picture as a PNG file; the folder must exist. */
export async function writePng(path: string, image: RgbImage): Promise<void> {
  await writeFile(path, await encodePng(image));
}
