/**
 * The pictures of the default model's card: the first twelve items of each drawing suite of an evaluation, as they came, right
 * ones in green frames and wrong ones in red. Nothing is chosen by hand.
 *
 *   npx mogao eval world --concepts curated --limit 48 --out runs/card
 *   node examples/card-pictures.ts runs/card docs/images/world-suites.png
 */
import { join } from "node:path";
import { createImage, type RgbImage } from "../src/core/image.ts";
import { writePng } from "../src/data/png.ts";
import { readImage } from "../src/encoders/image-file.ts";
import { contactSheet } from "../src/train/contact-sheet.ts";

const suites = ["single", "colour", "two", "counting", "relation", "binding", "edit", "next"];
/** Of src/eval/world/sheet.ts: pictures in a row, and the gap around each. */
const COLUMNS = 12;
const GAP = 2;

const [results, out] = process.argv.slice(2);
if (!results || !out) throw new Error("expected the folder of an evaluation, and a file to write");

async function firstRow(suite: string): Promise<RgbImage> {
  const sheet = await readImage(join(results!, `sheet-${suite}.png`));
  const side = (sheet.width - GAP) / COLUMNS - GAP;
  const row = createImage(sheet.width - 2 * GAP, side);
  for (let y = 0; y < side; y++) {
    const start = 3 * ((y + GAP) * sheet.width + GAP);
    row.data.set(sheet.data.subarray(start, start + 3 * row.width), 3 * y * row.width);
  }
  return row;
}

const rows = await Promise.all(suites.map(async (suite) => [await firstRow(suite)]));
await writePng(out, contactSheet(rows));
console.log(`${out}: ${suites.join(", ")}`);
