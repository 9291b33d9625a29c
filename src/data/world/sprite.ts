/** A square picture with transparency. `rgba` holds size × size × 4 bytes, row by row. */
export interface Sprite {
  /** Side in pixels. */
  readonly size: number;
  readonly rgba: Uint8Array;
  /** Whether the colour bytes are already multiplied by alpha. Stored sprites are straight, scaled ones premultiplied. */
  readonly premultiplied: boolean;
}
