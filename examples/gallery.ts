/**
 * Draws the README's gallery with the default model and writes it as one PNG. Each prompt is drawn once, with its place in the
 * list as seed: nothing is chosen by hand.
 *
 *   npm run gallery
 *   node examples/gallery.ts elsewhere.png
 */
import type { RgbImage } from "../src/core/image.ts";
import { writePng } from "../src/data/png.ts";
import { load } from "../src/index.ts";
import { contactSheet } from "../src/train/contact-sheet.ts";

const prompts = [
  "Draw a red apple.",
  "Draw a blue car.",
  "Draw a cat.",
  "Draw a green tree.",
  "Draw a purple umbrella.",
  "Draw a yellow star on a dark blue background.",
  "Draw a pink heart.",
  "Draw three apples.",
  "Draw a dog and a tree.",
  "Draw a banana.",
  "Draw a house.",
  "Draw a carrot.",
  "Draw an orange balloon.",
  "Draw four stars.",
  "Draw a bird to the left of a bicycle.",
  "Draw a strawberry.",
];
const COLUMNS = 8;

const out = process.argv[2] ?? "gallery.png";
const model = await load();
const images: RgbImage[] = [];
for (const [seed, prompt] of prompts.entries()) {
  const result = await model.generate(prompt, { seed, output: "image", maxImages: 1 });
  images.push(...result.images);
}
model.dispose();
const rows = Array.from({ length: Math.ceil(images.length / COLUMNS) }, (_, i) =>
  images.slice(i * COLUMNS, (i + 1) * COLUMNS),
);
await writePng(out, contactSheet(rows));
console.log(`${out}: ${images.length} pictures`);
