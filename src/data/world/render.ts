import { createImage, type RgbImage } from "../../core/image.ts";
import { backgroundNamed } from "./backgrounds.ts";
import type { Scene, SceneObject } from "./scene.ts";
import type { SpriteBank } from "./sprite-bank.ts";
import type { Sprite } from "./sprite.ts";

/** Draws a scene: a plain background, then its objects in order, clipped to the frame. Throws InputError for unknown names. */
export function renderScene(scene: Scene, bank: SpriteBank): RgbImage {
  const image = createImage(scene.width, scene.height);
  const [r, g, b] = backgroundNamed(scene.background).rgb;
  for (let i = 0; i < image.data.length; i += 3) {
    image.data[i] = r;
    image.data[i + 1] = g;
    image.data[i + 2] = b;
  }
  for (const object of scene.objects) drawObject(image, object, bank);
  return image;
}

function drawObject(image: RgbImage, object: SceneObject, bank: SpriteBank): void {
  pasteSprite(image, spriteOf(image, object, bank), object.x * image.width, object.y * image.height);
}

/** An object as it is pasted into a picture of that size: scaled, recoloured, turned; premultiplied. */
export function spriteOf(
  { width, height }: Pick<Scene, "width" | "height">,
  object: SceneObject,
  bank: SpriteBank,
): Sprite {
  const wanted = Math.max(1, Math.round(object.size * Math.min(width, height)));
  const variant = bank.variant(object.concept, object.style, object.colour, wanted);
  return object.rotation ? rotateSprite(variant, object.rotation) : variant;
}

/** Pixel of a sprite's upper left corner, its centre being at a point in pixels. */
export function topLeft(size: number, x: number, y: number): readonly [left: number, top: number] {
  return [Math.round(x - size / 2), Math.round(y - size / 2)];
}

/** Lays a premultiplied sprite over a picture, its centre at a point in pixels, clipped to the frame. */
export function pasteSprite(image: RgbImage, { size, rgba }: Sprite, x0: number, y0: number): void {
  const [left, top] = topLeft(size, x0, y0);
  const { width, height, data } = image;
  const fromX = Math.max(0, -left);
  const toX = Math.min(size, width - left);
  for (let y = Math.max(0, -top); y < Math.min(size, height - top); y++) {
    let from = (y * size + fromX) * 4;
    let to = ((top + y) * width + left + fromX) * 3;
    for (let x = fromX; x < toX; x++, from += 4, to += 3) {
      const alpha = rgba[from + 3]!;
      if (alpha === 0) continue;
      const through = 255 - alpha;
      for (let c = 0; c < 3; c++) {
        // Exact rounding of (under × through) / 255.
        const under = data[to + c]! * through + 128;
        data[to + c] = Math.min(255, rgba[from + c]! + ((under + (under >> 8)) >> 8));
      }
    }
  }
}

/** Channels of the pixel that {@link rotateSprite} is at. */
const sums = new Float64Array(4);

/**
 * Turns a premultiplied sprite clockwise about its centre by `degrees`, bilinear. The square grows so that no corner is
 * lost; the drawing keeps its scale.
 */
export function rotateSprite({ size, rgba }: Sprite, degrees: number): Sprite {
  const turn = (degrees * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  // Growing by whole pixels on both sides keeps the centre where it was.
  const grown = Math.ceil((size * (Math.abs(cosine) + Math.abs(sine)) - size) / 2 - 1e-6);
  const side = size + 2 * Math.max(0, grown);
  const centre = (size - 1) / 2;
  const middle = (side - 1) / 2;
  const out = new Uint8Array(side * side * 4);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const sourceX = centre + (x - middle) * cosine + (y - middle) * sine;
      const sourceY = centre - (x - middle) * sine + (y - middle) * cosine;
      if (sourceX <= -1 || sourceY <= -1 || sourceX >= size || sourceY >= size) continue;
      const x0 = Math.floor(sourceX);
      const y0 = Math.floor(sourceY);
      const to = (y * side + x) * 4;
      for (let corner = 0; corner < 4; corner++) {
        const px = x0 + (corner & 1);
        const py = y0 + (corner >> 1);
        if (px < 0 || py < 0 || px >= size || py >= size) continue;
        const weight = (1 - Math.abs(sourceX - px)) * (1 - Math.abs(sourceY - py));
        const from = (py * size + px) * 4;
        for (let c = 0; c < 4; c++) sums[c] = sums[c]! + weight * rgba[from + c]!;
      }
      for (let c = 0; c < 4; c++) {
        out[to + c] = sums[c]! + 0.5;
        sums[c] = 0;
      }
    }
  }
  return { size: side, rgba: out, premultiplied: true };
}
