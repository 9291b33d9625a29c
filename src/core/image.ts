/** An 8-bit RGB picture: `data` holds height × width × 3 bytes, row by row, sRGB, no alpha. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** An empty (black) picture of the given size in pixels. */
export function createImage(width: number, height: number): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3) };
}
