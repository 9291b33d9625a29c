/** What the autoencoder of Emoji World learns from: everything that scenes can show, more mixed than samples are. */
import type { Philox } from "../core/random.ts";
import type { RgbImage } from "../core/image.ts";
import { arrange, WHOLE } from "../data/world/arrange.ts";
import { BACKGROUNDS } from "../data/world/backgrounds.ts";
import { COLOURS } from "../data/world/colours.ts";
import { CONCEPTS } from "../data/world/concepts.ts";
import { renderScene } from "../data/world/render.ts";
import type { SpriteBank } from "../data/world/sprite-bank.ts";
import { TRAIN_STYLES } from "../data/world/styles.ts";
import { between, chance } from "../data/world/task-world.ts";

const MOST_OBJECTS = 6;

/**
 * A square picture with one to six objects of any concept, each in any train style, often recoloured, before any
 * background. Half of the pictures show a single object, of any size up to the whole picture.
 */
export function randomPicture(random: Philox, side: number, bank: SpriteBank): RgbImage {
  const count = chance(random, 0.5) ? 1 : 2 + random.int(MOST_OBJECTS - 1);
  const objects = arrange(random, count, WHOLE, between(random, 0.3, 0.96)).map((place) => {
    const concept = random.pick(CONCEPTS);
    const style = random.pick(TRAIN_STYLES.filter((name) => bank.has(concept.name, name)));
    const recoloured = concept.recolourable && chance(random, 0.5);
    return { concept: concept.name, style, colour: recoloured ? random.pick(COLOURS).name : null, ...place };
  });
  const background = random.pick(BACKGROUNDS).name;
  return renderScene({ width: side, height: side, background, objects }, bank);
}
