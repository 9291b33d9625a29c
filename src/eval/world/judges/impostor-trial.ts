import { createImage, type RgbImage } from "../../../core/image.ts";
import { Philox } from "../../../core/random.ts";
import { BACKGROUNDS } from "../../../data/world/backgrounds.ts";
import { pasteSprite } from "../../../data/world/render.ts";
import type { Sprite } from "../../../data/world/sprite.ts";
import type { SpriteBank } from "../../../data/world/sprite-bank.ts";
import { between } from "../../../data/world/task-world.ts";
import { randomDrawing } from "../crops/crop-scenes.ts";
import { IMPOSTORS, type Impostor } from "../crops/impostors.ts";
import { swirled, withoutHalf } from "../crops/sprite-changes.ts";
import type { WorldJudge } from "../judge.ts";
import { shareOf, type Share } from "../report.ts";
import { seedOf } from "../suite-world.ts";
import { certain, viewOf } from "../view.ts";

/** Of the square pictures, and of the drawing in them: pixels. */
const SIDE = 96;
const DRAWN = 60;

/** The model's latents, noised as half a drawing is: x_t = (1 − t)·x + t·noise. */
export type HalfDrawn = (image: RgbImage, random: Philox) => Promise<RgbImage>;

/** Impostors of kinds that the trained judge has not seen. */
const UNSEEN: Readonly<Record<string, Impostor>> = {
  swirled: (sprite, _, random) => swirled(sprite, between(random, 2.5, 4)),
  halved: (sprite, _, random) => withoutHalf(sprite, random.uniform()),
};

/** What the judges say of pictures of one kind, in their order. */
export interface ImpostorRow {
  readonly kind: string;
  /** Whether the trained judge learnt from pictures of the kind. */
  readonly learnt: boolean;
  /** How often a thing of the concept that the picture was made from is seen, and how often another one. */
  readonly named: readonly Share[];
  readonly misnamed: readonly Share[];
}

/**
 * Judges on `count` pictures of each kind of impostor, each of a single drawing of any concept and style, often recoloured; first on the
 * drawings themselves.
 */
export async function impostorTrial(
  judges: readonly WorldJudge[],
  bank: SpriteBank,
  count: number,
  { halfDrawn, onKind }: { readonly halfDrawn?: HalfDrawn | undefined; readonly onKind?: (kind: string) => void },
): Promise<ImpostorRow[]> {
  const kinds: readonly (readonly [string, Impostor, boolean])[] = [
    ["the drawing itself", (sprite) => sprite, true],
    ...Object.entries(IMPOSTORS).map(([kind, make]) => [kind, make, true] as const),
    ...Object.entries(UNSEEN).map(([kind, make]) => [kind, make, false] as const),
  ];
  const rows: ImpostorRow[] = [];
  const trial = async (kind: string, learnt: boolean, make: Impostor, change?: HalfDrawn) => {
    onKind?.(kind);
    const seen = judges.map(() => ({ named: [] as boolean[], misnamed: [] as boolean[] }));
    for (let i = 0; i < count; i++) {
      const random = new Philox(seedOf("impostor", kind), i);
      const { image, concept } = impostorPicture(random, bank, make);
      const shown = change ? await change(image, random) : image;
      for (const [j, judge] of judges.entries()) {
        const found = certain(await viewOf(judge, shown)).map((thing) => thing.concept);
        seen[j]!.named.push(found.includes(concept));
        seen[j]!.misnamed.push(found.some((name) => name !== concept));
      }
    }
    const [named, misnamed] = [seen.map((of) => shareOf(of.named)), seen.map((of) => shareOf(of.misnamed))];
    rows.push({ kind, learnt, named, misnamed });
  };
  for (const [kind, make, learnt] of kinds) await trial(kind, learnt, make);
  if (halfDrawn) await trial("half-denoised", false, (sprite) => sprite, halfDrawn);
  return rows;
}

function impostorPicture(random: Philox, bank: SpriteBank, make: Impostor) {
  const background = random.pick(BACKGROUNDS);
  const drawing = randomDrawing(random, DRAWN, background.name, bank);
  let other = randomDrawing(random, DRAWN, background.name, bank);
  while (other.label.concept === drawing.label.concept) other = randomDrawing(random, DRAWN, background.name, bank);
  const sprite: Sprite = make(drawing.sprite, other.sprite, random);
  const image = createImage(SIDE, SIDE);
  for (let i = 0; i < image.data.length; i++) image.data[i] = background.rgb[i % 3]!;
  pasteSprite(image, sprite, SIDE / 2, SIDE / 2);
  return { image, concept: drawing.label.concept };
}
