import type { Philox } from "../../../core/random.ts";
import type { Sprite } from "../../../data/world/sprite.ts";
import { between } from "../../../data/world/task-world.ts";
import { blended, blobOf, coarsened, shuffled, spliced, warped } from "./sprite-changes.ts";

/** Makes of a drawing, and of another one, something that has its colours and is neither. */
export type Impostor = (sprite: Sprite, other: Sprite, random: Philox) => Sprite;

/** Warps that leave no thing what it was: cells of the field, and the range of the strength. People see through weaker ones. */
const RUINED = [
  [3, 0.24, 0.36],
  [5, 0.18, 0.3],
  [8, 0.15, 0.25],
] as const;

/**
 * What a judge must not take for a thing, though the colours are right: what drawings that went wrong look like. Only
 * what a person would not recognise either belongs here.
 */
export const IMPOSTORS = {
  blob: (sprite, _, random) => blobOf(sprite, random),
  coarse: (sprite, _, random) => coarsened(sprite, 3 + random.int(3)),
  warped: (sprite, _, random) => {
    const [cells, low, high] = random.pick(RUINED);
    return warped(sprite, random, cells, between(random, low, high));
  },
  shuffled: (sprite, _, random) => shuffled(sprite, random, 2 + random.int(3)),
  blended: (sprite, other, random) => blended(sprite, other, between(random, 0.38, 0.62)),
  spliced: (sprite, other, random) => spliced(sprite, other, random.uniform()),
} as const satisfies Readonly<Record<string, Impostor>>;

export type ImpostorKind = keyof typeof IMPOSTORS;
export const IMPOSTOR_KINDS = Object.keys(IMPOSTORS) as readonly ImpostorKind[];
