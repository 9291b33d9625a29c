import { beforeAll, expect, test } from "vitest";
import { BACKGROUNDS } from "./backgrounds.ts";
import { COLOURS, nameColour, type Rgb } from "./colours.ts";
import { CONCEPTS } from "./concepts.ts";
import { recolour } from "./recolour.ts";
import { renderScene } from "./render.ts";
import type { Sprite } from "./sprite.ts";
import { SpriteBank } from "./sprite-bank.ts";
import { TRAIN_STYLES } from "./styles.ts";

/** Every seventh pixel of a straight sprite: enough to judge its colours by. */
function someOf({ rgba }: Sprite): Uint8Array {
  return rgba.filter((_, i) => (i >> 2) % 7 === 0);
}

/** The colour word that most opaque pixels have. */
function mostSeenColour(rgba: Uint8Array): string {
  const votes = new Map<string, number>();
  for (let i = 0; i < rgba.length; i += 4) {
    if (rgba[i + 3]! < 250) continue;
    const word = nameColour([rgba[i]!, rgba[i + 1]!, rgba[i + 2]!]);
    votes.set(word, (votes.get(word) ?? 0) + 1);
  }
  return [...votes].sort((a, b) => b[1] - a[1])[0]![0];
}

let bank: SpriteBank;
beforeAll(async () => {
  bank = await SpriteBank.open();
});

test("every concept is drawn in every train style", () => {
  for (const { name } of CONCEPTS)
    for (const style of TRAIN_STYLES) expect(bank.has(name, style), `${name}/${style}`).toBe(true);
});

test("recolourable concepts have one hue for a body, and what people see of a recoloured sprite is its colour", () => {
  let right = 0;
  let total = 0;
  for (const { name, recolourable } of CONCEPTS) {
    if (!recolourable) continue;
    for (const style of TRAIN_STYLES) {
      const body = bank.body(name, style)!;
      expect(body.share, `${name}/${style}`).toBeGreaterThan(0.47);
      const pixels = someOf(bank.sprite(name, style));
      for (const colour of COLOURS) {
        total++;
        if (mostSeenColour(recolour(pixels, colour, body)) === colour.name) right++;
      }
    }
  }
  expect(right / total).toBeGreaterThan(0.99);
});

test("natural colours are what most of a sprite shows; golden things may read as orange", () => {
  const near: Record<string, string[]> = { yellow: ["orange"], orange: ["red"], red: ["orange"], brown: ["orange"] };
  const wrong: string[] = [];
  for (const { name, naturalColour } of CONCEPTS) {
    if (naturalColour === null) continue;
    for (const style of TRAIN_STYLES) {
      const seen = mostSeenColour(someOf(bank.sprite(name, style)));
      if (seen !== naturalColour && !near[naturalColour]?.includes(seen)) wrong.push(`${name}/${style}: ${seen}`);
    }
  }
  // A green frog with a large belly.
  expect(wrong).toEqual(["frog/fluent-flat: yellow"]);
});

test("white vanishes on white, outlined and dark things do not", () => {
  expect(bank.stands("ghost", "twemoji", null, "white")).toBe(false);
  expect(bank.stands("ghost", "twemoji", null, "dark blue")).toBe(true);
  expect(bank.stands("ghost", "fluent-flat", null, "white")).toBe(true);
  expect(bank.stands("stop sign", "twemoji", null, "white")).toBe(true);
  expect(bank.stands("heart", "noto", "white", "white")).toBe(false);
  expect(bank.stands("heart", "noto", "blue", "blue")).toBe(false);
  expect(bank.stands("heart", "noto", "red", "blue")).toBe(true);
});

test("the cache of variants stays bounded and gives the same picture again", () => {
  const small = new SpriteBank(new Map([["heart/noto", bank.sprite("heart", "noto")]]), 3 * 40 * 40 * 4);
  const first = small.variant("heart", "noto", null, 40);
  expect(small.variant("heart", "noto", null, 40)).toBe(first);
  for (const size of [38, 39, 37]) small.variant("heart", "noto", null, size);
  const again = small.variant("heart", "noto", null, 40);
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
});

test("a scene shows its background and its objects where they are, clipped at the frame", () => {
  const background = BACKGROUNDS.find(({ name }) => name === "light blue")!;
  const object = { concept: "heart", style: "noto", colour: "red", x: 0.75, y: 0.5, size: 0.4 };
  const scene = { width: 96, height: 64, background: background.name, objects: [object, { ...object, x: 0, y: 0 }] };
  const { data } = renderScene(scene, bank);
  const pixel = (x: number, y: number) => [...data.subarray((y * 96 + x) * 3, (y * 96 + x) * 3 + 3)] as unknown as Rgb;
  expect(pixel(40, 50)).toEqual(background.rgb);
  expect(nameColour(pixel(72, 32))).toBe("red");
  expect(nameColour(pixel(1, 1))).toBe("red");
  expect(() => renderScene({ ...scene, background: "plaid" }, bank)).toThrow(
    /background: expected one of .*found "plaid"/,
  );
  expect(() => renderScene({ ...scene, objects: [{ ...object, style: "fxemoji", concept: "lion" }] }, bank)).toThrow(
    /no drawing of "lion"/,
  );
});
