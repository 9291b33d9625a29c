/** Pixels of four bytes made RGB in place, bit for bit as Pillow does it. */

/** x / 255, rounded, for products of bytes. */
function div255(x: number): number {
  return (((x + 128) >> 8) + x + 128) >> 8;
}

/** RGBA, not premultiplied → RGB on a white background, in the first three quarters of the same memory. */
export function flattenOnWhite(data: Uint8Array): Uint8Array {
  return inPlace(data, (value, alpha) => div255(value * alpha + 255 * (255 - alpha)));
}

/** CMYK without a colour profile → RGB. */
export function cmykToRgb(data: Uint8Array): Uint8Array {
  return inPlace(data, (ink, black) => 255 - black - div255(ink * (255 - black)));
}

/** Three channels of each pixel combined with its fourth. */
function inPlace(data: Uint8Array, combine: (value: number, fourth: number) => number): Uint8Array {
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const fourth = data[from + 3]!;
    for (let channel = 0; channel < 3; channel++) data[to + channel] = combine(data[from + channel]!, fourth);
  }
  return data.subarray(0, (data.length / 4) * 3);
}
