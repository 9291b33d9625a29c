/** What the alignment term (model/alignment.ts) compares noisy rows with. */
import type { HostTensor } from "../runtime/types.ts";
import type { PackedRow } from "./packing.ts";

/** Calls `visit` for each noisy token. */
function forNoisy(
  rows: readonly PackedRow[],
  visit: (token: PackedRow["visual"][number], row: number, place: number) => void,
): void {
  rows.forEach(({ visual }, row) =>
    visual.forEach((token, place) => {
      if (token.kind === "noisy") visit(token, row, place);
    }),
  );
}

/**
 * Feed `features` [rows, places, size] for packed rows. `encode` gives features [images, tokens, size] of the images of which
 * rows hold noisy tokens, and of no others; `numberOf` an image's number among all.
 */
export async function alignmentFeatures(
  rows: readonly PackedRow[],
  places: number,
  size: number,
  numberOf: (sample: number, image: number) => number,
  encode: (images: readonly number[]) => Promise<Float32Array>,
): Promise<HostTensor> {
  const drawn = new Map<number, number>();
  forNoisy(rows, ({ sample, image }) => {
    const number = numberOf(sample, image);
    if (!drawn.has(number)) drawn.set(number, drawn.size);
  });
  const features = await encode([...drawn.keys()]);
  const imageSize = drawn.size === 0 ? 0 : features.length / drawn.size;
  const data = new Float32Array(new ArrayBuffer(4 * rows.length * places * size));
  forNoisy(rows, ({ sample, image, token }, row, place) => {
    const at = drawn.get(numberOf(sample, image))! * imageSize + token * size;
    data.set(features.subarray(at, at + size), (row * places + place) * size);
  });
  return { type: "float32", shape: [rows.length, places, size], data };
}
