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
  const side = Math.max(1, Math.round(object.size * Math.min(image.width, image.height)));
  const variant = bank.variant(object.concept, object.style, object.colour, side);
  const sprite = object.rotation ? rotated(variant, object.rotation) : variant;
  const left = Math.round(object.x * image.width - side / 2);
  const top = Math.round(object.y * image.height - side / 2);
  const { width, height, data } = image;
  const { rgba } = sprite;
  const fromX = Math.max(0, -left);
  const toX = Math.min(side, width - left);
  for (let y = Math.max(0, -top); y < Math.min(side, height - top); y++) {
    let from = (y * side + fromX) * 4;
    let to = ((top + y) * width + left + fromX) * 3;
    for (let x = fromX; x < toX; x++, from += 4, to += 3) {
      const alpha = rgba[from + 3]!;
      if (alpha === 0) continue;
      const through = 255 - alpha;
      for (let c = 0; c < 3; c++) {
        const under = data[to + c]! * through + 127;
        data[to + c] = Math.min(255, rgba[from + c]! + ((under + (under >> 8)) >> 8));
      }
    }
  }
}

/** Turned clockwise about its centre by `degrees`, bilinear; premultiplied in and out. Corners that leave the square are lost. */
function rotated({ size, rgba }: Sprite, degrees: number): Sprite {
  const turn = (degrees * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  const centre = (size - 1) / 2;
  const out = new Uint8Array(rgba.length);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const sourceX = centre + (x - centre) * cosine + (y - centre) * sine;
      const sourceY = centre - (x - centre) * sine + (y - centre) * cosine;
      const x0 = Math.floor(sourceX);
      const y0 = Math.floor(sourceY);
      for (let c = 0; c < 4; c++) {
        let sum = 0;
        for (const [dx, dy] of [
          [0, 0],
          [1, 0],
          [0, 1],
          [1, 1],
        ] as const) {
          // prettier-ignore
          const [px, py] = [x0 + dx, y0 + dy];
          if (px < 0 || py < 0 || px >= size || py >= size) continue;
          const weight = (1 - Math.abs(sourceX - px)) * (1 - Math.abs(sourceY - py));
          sum += weight * rgba[(py * size + px) * 4 + c]!;
        }
        out[(y * size + x) * 4 + c] = Math.round(sum);
      }
    }
  return { size, rgba: out, premultiplied: true };
}
