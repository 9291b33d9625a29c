import { beforeAll, expect, test } from "vitest";
import { BACKGROUNDS } from "./backgrounds.ts";
import { COLOURS, hueDistance, nameColour, toHsv, type Rgb } from "./colours.ts";
import { CONCEPTS } from "./concepts.ts";
import { renderScene } from "./render.ts";
import { SpriteBank } from "./sprite-bank.ts";
import { TRAIN_STYLES } from "./styles.ts";

let bank: SpriteBank;
beforeAll(async () => {
  bank = await SpriteBank.open();
});

test("every concept is drawn in every train style", () => {
  for (const { name } of CONCEPTS)
    for (const style of TRAIN_STYLES) expect(bank.has(name, style), `${name}/${style}`).toBe(true);
});

test("recolourable concepts have one hue for a body, and recoloured bodies are named right", () => {
  let right = 0;
  let total = 0;
  for (const { name, recolourable } of CONCEPTS) {
    if (!recolourable) continue;
    for (const style of TRAIN_STYLES) {
      const body = bank.body(name, style)!;
      expect(body.share, `${name}/${style}`).toBeGreaterThan(0.47);
      const plain = bank.variant(name, style, null, 48).rgba;
      for (const colour of COLOURS) {
        const painted = bank.variant(name, style, colour.name, 48).rgba;
        const channels: number[][] = [[], [], []];
        for (let i = 0; i < plain.length; i += 4) {
          const [hue, saturation, value] = toHsv([plain[i]!, plain[i + 1]!, plain[i + 2]!]);
          if (plain[i + 3]! < 250 || saturation < 0.25 || value < 0.16 || hueDistance(hue, body.hue) > 40) continue;
          channels.forEach((channel, c) => channel.push(painted[i + c]!));
        }
        const median = channels.map((channel) => channel.sort((a, b) => a - b)[channel.length >> 1]!) as unknown as Rgb;
        total++;
        if (nameColour(median) === colour.name) right++;
      }
    }
  }
  expect(right / total).toBeGreaterThan(0.99);
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
