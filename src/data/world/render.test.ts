import { expect, test } from "vitest";
import { backgroundNamed } from "./backgrounds.ts";
import { renderScene, rotateSprite } from "./render.ts";
import type { SceneObject } from "./scene.ts";
import { SpriteBank } from "./sprite-bank.ts";
import type { Sprite } from "./sprite.ts";

/** A size × size sprite from a function of the position. */
function sprite(size: number, at: (x: number, y: number) => readonly number[], premultiplied = false): Sprite {
  const pixels = Array.from({ length: size * size }, (_, i) => at(i % size, Math.floor(i / size)));
  return { size, rgba: Uint8Array.from(pixels.flat()), premultiplied };
}

function bankOf(drawing: Sprite): SpriteBank {
  return new SpriteBank(new Map([["cat/noto", drawing]]));
}

const CAT: SceneObject = { concept: "cat", style: "noto", colour: null, x: 0.5, y: 0.5, size: 0.5 };

test("alpha compositing rounds exactly for every alpha and background", () => {
  for (let alpha = 0; alpha < 256; alpha++) {
    const bank = bankOf(sprite(1, () => [200, 100, 0, alpha]));
    for (const background of ["white", "dark blue", "light green"]) {
      const { data } = renderScene({ width: 1, height: 1, background, objects: [{ ...CAT, size: 1 }] }, bank);
      const under = backgroundNamed(background).rgb;
      [200, 100, 0].forEach((over, c) => {
        const exact = Math.round((over * alpha) / 255) + Math.round((under[c]! * (255 - alpha)) / 255);
        expect(data[c], `${alpha} ${background}`).toBe(Math.min(255, exact));
      });
    }
  }
});

test("objects are centred, cover what came before, and are clipped at every edge", () => {
  const bank = bankOf(sprite(8, () => [10, 20, 30, 255]));
  const covered = (objects: SceneObject[]) => {
    const { data } = renderScene({ width: 16, height: 12, background: "white", objects }, bank);
    const found = [];
    for (let i = 0; i < 16 * 12; i++) if (data[3 * i] === 10) found.push([i % 16, Math.floor(i / 16)]);
    return found as [number, number][];
  };
  // Half of the shorter side: six pixels, at columns 5 to 10 and rows 3 to 8.
  const middle = covered([CAT]);
  expect(middle.length).toBe(36);
  expect([middle[0], middle.at(-1)]).toEqual([[5, 3], [10, 8]]); // prettier-ignore
  for (const [x, y] of [[0, 0], [1, 1], [0, 1], [1, 0]] as const) expect(covered([{ ...CAT, x, y }]).length).toBe(9); // prettier-ignore
  expect(covered([{ ...CAT, x: -2, y: 5 }])).toEqual([]);
});

test("a quarter turn is exact and clockwise", () => {
  const marked = sprite(5, (x, y) => [x * 20, y * 20, 7, 255], true);
  const turned = rotateSprite(marked, 90);
  expect(turned.size).toBe(5);
  for (let y = 0; y < 5; y++) {
    for (let x = 0; x < 5; x++) {
      // What was at the left is now at the top.
      expect([...turned.rgba.subarray((y * 5 + x) * 4, (y * 5 + x) * 4 + 4)]).toEqual([y * 20, (4 - x) * 20, 7, 255]);
    }
  }
});

test("a turned square keeps its corners, its area and its centre", () => {
  const square = sprite(20, () => [255, 0, 0, 255], true);
  const turned = rotateSprite(square, 45);
  const alphas = turned.rgba.filter((_, i) => i % 4 === 3);
  expect(turned.size % 2).toBe(0);
  expect(turned.size).toBeGreaterThanOrEqual(28);
  const area = alphas.reduce((sum, alpha) => sum + alpha, 0) / 255;
  expect(Math.abs(area / 400 - 1)).toBeLessThan(0.06);
  const mirrored = alphas.slice().reverse();
  for (let i = 0; i < alphas.length; i++) expect(Math.abs(alphas[i]! - mirrored[i]!)).toBeLessThanOrEqual(1);
});
