/** Pictures whose components are known, from which the trained judge learns: scenes of sprites, right ones and impostors. */
import { createImage, type RgbImage } from "../../../core/image.ts";
import type { Philox } from "../../../core/random.ts";
import { arrange, WHOLE } from "../../../data/world/arrange.ts";
import { BACKGROUNDS } from "../../../data/world/backgrounds.ts";
import { COLOURS } from "../../../data/world/colours.ts";
import { CONCEPTS } from "../../../data/world/concepts.ts";
import { pasteSprite, rotateSprite } from "../../../data/world/render.ts";
import { scaleSprite } from "../../../data/world/resample.ts";
import type { Sprite } from "../../../data/world/sprite.ts";
import type { SpriteBank } from "../../../data/world/sprite-bank.ts";
import { STYLES } from "../../../data/world/styles.ts";
import { between, chance } from "../../../data/world/task-world.ts";
import { DIFFERENCE } from "../components.ts";
import { IMPOSTOR_KINDS, IMPOSTORS } from "./impostors.ts";
import { coarsened, covered, warped } from "./sprite-changes.ts";

/** What a component shows; null: nothing that has a name. */
export type CropLabel = { readonly concept: string; readonly style: string } | null;

/** A picture, and for each pixel the number of the object that is seen there; −1 on the background. */
export interface LabelledPicture {
  readonly image: RgbImage;
  readonly owners: Int8Array;
  readonly objects: readonly LabelledObject[];
}

export interface LabelledObject {
  readonly label: CropLabel;
  /** Pixels that stand out from the background and are not hidden. */
  readonly area: number;
}

const MOST_OBJECTS = 6;
const SINGLE_SHARE = 0.4;
const IMPOSTOR_SHARE = 0.3;
/** Scenes whose objects are pushed together until they touch. */
const CROWDED_SHARE = 0.15;
const RECOLOURED_SHARE = 0.4;
/** Sprites are changed at sizes that are multiples of this, which a cache can hold, and then scaled to the size of their place. */
const DRAWN_STEP = 16;
/** … and at this size at the least, so that a change is as smooth for small ones. */
const LEAST_DRAWN = 32;

/** A square scene of one to six objects before a background on which each can be seen. */
export function randomLabelledPicture(random: Philox, side: number, bank: SpriteBank): LabelledPicture {
  const count = chance(random, SINGLE_SHARE) ? 1 : 2 + random.int(MOST_OBJECTS - 1);
  const background = random.pick(BACKGROUNDS);
  const image = createImage(side, side);
  for (let i = 0; i < image.data.length; i++) image.data[i] = background.rgb[i % 3]!;
  const owners = new Int8Array(side * side).fill(-1);
  const crowding = chance(random, CROWDED_SHARE) ? between(random, 0.35, 0.75) : 1;
  const labels: CropLabel[] = [];
  for (const place of arrange(random, count, WHOLE, between(random, 0.28, 0.96))) {
    const pixels = Math.max(8, Math.round(place.size * side));
    const { sprite, label } = randomSprite(random, pixels, background.name, bank);
    const [x, y] = [place.x, place.y].map((at) => side * (0.5 + crowding * (at - 0.5))) as [number, number];
    pasteSprite(image, sprite, x, y);
    claim(owners, side, sprite, x, y, labels.length);
    labels.push(label);
  }
  const areas = new Uint32Array(count);
  owners.forEach((owner, i) => {
    const differs = background.rgb.some((value, c) => Math.abs(image.data[3 * i + c]! - value) > DIFFERENCE);
    if (owner >= 0 && differs) areas[owner]!++;
  });
  return { image, owners, objects: labels.map((label, i) => ({ label, area: areas[i]! })) };
}

/** Marks the pixels where the sprite is at least half opaque, as {@link pasteSprite} lays it. */
function claim(owners: Int8Array, side: number, { size, rgba }: Sprite, x0: number, y0: number, owner: number): void {
  const [left, top] = [Math.round(x0 - size / 2), Math.round(y0 - size / 2)];
  for (let y = Math.max(0, -top); y < Math.min(size, side - top); y++)
    for (let x = Math.max(0, -left); x < Math.min(size, side - left); x++)
      if (rgba[4 * (y * size + x) + 3]! >= 128) owners[(top + y) * side + left + x] = owner;
}

function randomSprite(random: Philox, pixels: number, background: string, bank: SpriteBank) {
  const drawn = Math.max(LEAST_DRAWN, DRAWN_STEP * Math.ceil(pixels / DRAWN_STEP));
  const { sprite, label } = randomDrawing(random, drawn, background, bank);
  if (!chance(random, IMPOSTOR_SHARE)) return { sprite: scaleSprite(shaken(sprite, random), pixels), label };
  let other = randomDrawing(random, drawn, background, bank);
  while (other.label.concept === label.concept) other = randomDrawing(random, drawn, background, bank);
  const made = IMPOSTORS[random.pick(IMPOSTOR_KINDS)](sprite, other.sprite, random);
  return { sprite: scaleSprite(made, pixels), label: null };
}

/** Any drawing that stands out from the background, in its own colours or another one. */
export function randomDrawing(random: Philox, size: number, background: string, bank: SpriteBank) {
  for (;;) {
    const concept = random.pick(CONCEPTS);
    const styles = STYLES.filter(({ name }) => bank.has(concept.name, name));
    const style = random.pick(styles).name;
    const colour = concept.recolourable && chance(random, RECOLOURED_SHARE) ? random.pick(COLOURS).name : null;
    if (!bank.stands(concept.name, style, colour, background)) continue;
    return { sprite: bank.variant(concept.name, style, colour, size), label: { concept: concept.name, style } };
  }
}

/** Warps that every drawing survives: cells of the field, and the greatest strength. */
const UNSTEADY = [
  [3, 0.07],
  [5, 0.06],
  [8, 0.045],
] as const;

/** The drawing as a good but unsteady hand would make it. */
function shaken(sprite: Sprite, random: Philox): Sprite {
  let made = sprite;
  if (chance(random, 0.5)) {
    const [cells, most] = random.pick(UNSTEADY);
    made = warped(made, random, cells, between(random, 0, most));
  }
  if (chance(random, 0.3)) made = coarsened(made, Math.round(between(random, 16, 30)));
  if (chance(random, 0.15)) {
    const colour = chance(random, 0.5) ? random.pick(COLOURS).rgb : null;
    made = covered(made, random.uniform(), random.uniform(), between(random, 0.03, 0.13), colour);
  }
  return chance(random, 0.25) ? rotateSprite(made, between(random, -9, 9)) : made;
}
