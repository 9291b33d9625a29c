import { createImage, type RgbImage } from "../core/image.ts";

const GAP = 2;

/** Pictures side by side on gray, row by row, for a person to look at; each row is as high as its highest picture. */
export function contactSheet(rows: readonly (readonly RgbImage[])[]): RgbImage {
  const widths = rows.map((row) => row.reduce((sum, { width }) => sum + width + GAP, GAP));
  const heights = rows.map((row) => row.reduce((most, { height }) => Math.max(most, height), 0));
  const sheet = createImage(
    Math.max(GAP, ...widths),
    heights.reduce((sum, height) => sum + height + GAP, GAP),
  );
  sheet.data.fill(128);
  let top = GAP;
  rows.forEach((row, i) => {
    let left = GAP;
    for (const { width, height, data } of row) {
      for (let y = 0; y < height; y++)
        sheet.data.set(data.subarray(3 * y * width, 3 * (y + 1) * width), 3 * ((top + y) * sheet.width + left));
      left += width + GAP;
    }
    top += heights[i]! + GAP;
  });
  return sheet;
}
