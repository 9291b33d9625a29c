import { expect, test } from "vitest";
import { NOTHING, ownersOf } from "./owners.ts";
import { SpriteBank } from "./sprite-bank.ts";

const bank = await SpriteBank.open();
const apple = { concept: "apple", style: "noto", colour: null } as const;

test("cells under a thing are its own, the others show nothing, and the upper of two things counts", () => {
  const scene = {
    width: 96,
    height: 96,
    background: "white",
    objects: [
      { ...apple, x: 1 / 4, y: 1 / 2, size: 1 / 2 },
      { ...apple, x: 3 / 4, y: 1 / 2, size: 1 / 3 },
    ],
  };
  const owners = ownersOf(scene, bank, 16);
  expect(owners).toHaveLength(36);
  expect(owners[0]).toBe(NOTHING);
  // The middle of the first one, a token in from the left.
  expect(owners[2 * 6 + 1]).toBe(0);
  expect(owners[3 * 6 + 1]).toBe(0);
  expect(owners[2 * 6 + 4]).toBe(1);
  expect([...owners].slice(30)).toEqual(Array.from({ length: 6 }, () => NOTHING));

  const covered = { ...scene, objects: scene.objects.map((object) => ({ ...object, x: 1 / 2, size: 2 / 3 })) };
  expect(new Set(ownersOf(covered, bank, 16))).not.toContain(0);
});

test("things may reach beyond the picture", () => {
  const scene = { width: 32, height: 32, background: "white", objects: [{ ...apple, x: 0, y: 0, size: 1 }] };
  expect(ownersOf(scene, bank, 16)[0]).toBe(0);
});
