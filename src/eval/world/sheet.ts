import { join } from "node:path";
import { createImage, type RgbImage } from "../../core/image.ts";
import { writePng } from "../../data/png.ts";
import { readImage } from "../../encoders/image-file.ts";
import { contactSheet } from "../../train/contact-sheet.ts";
import type { ItemResult } from "./run-suite.ts";

const COLUMNS = 12;
const FRAME = 3;
const GREEN = [40, 170, 70] as const;
const RED = [210, 50, 50] as const;

/**
 * Writes the first drawn picture of each item of one suite as `sheet-<suite>.png`, in the order of the results, row by row, in green frames
 * where the judge calls them right and red ones where it does not; an answer without a picture leaves a gray square. Returns
 * the path, or null where nothing was drawn.
 */
export async function writeSheet(folder: string, results: readonly ItemResult[]): Promise<string | null> {
  const pictures = await Promise.all(
    results.map(async ({ pictures: [picture], right }) =>
      picture ? framed(await readImage(join(folder, picture.file)), right) : null,
    ),
  );
  const first = pictures.find((picture) => picture !== null);
  if (!first) return null;
  const gap = createImage(first.width, first.height);
  gap.data.fill(128);
  const cells = pictures.map((picture) => picture ?? gap);
  const rows = Array.from({ length: Math.ceil(cells.length / COLUMNS) }, (_, row) =>
    cells.slice(row * COLUMNS, (row + 1) * COLUMNS),
  );
  const path = join(folder, `sheet-${results[0]!.suite}.png`);
  await writePng(path, contactSheet(rows));
  return path;
}

function framed(image: RgbImage, right: boolean): RgbImage {
  const out = createImage(image.width + 2 * FRAME, image.height + 2 * FRAME);
  const colour = right ? GREEN : RED;
  for (let i = 0; i < out.data.length; i++) out.data[i] = colour[i % 3]!;
  for (let y = 0; y < image.height; y++)
    out.data.set(
      image.data.subarray(3 * y * image.width, 3 * (y + 1) * image.width),
      3 * ((y + FRAME) * out.width + FRAME),
    );
  return out;
}
