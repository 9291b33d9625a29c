import type { RgbImage } from "../../../core/image.ts";
import { Philox } from "../../../core/random.ts";
import { renderScene } from "../../../data/world/render.ts";
import type { SpriteBank } from "../../../data/world/sprite-bank.ts";
import { blurred, noisy } from "../crops/degrade.ts";
import { gradeTruth } from "../grade.ts";
import type { EvaluationItem } from "../item.ts";
import type { WorldJudge } from "../judge.ts";
import { shareOf, type Share } from "../report.ts";
import { seedOf } from "../suite-world.ts";
import { viewsOf } from "../view.ts";

/** What is done to right pictures before they are judged. */
type Condition = (image: RgbImage, id: string) => RgbImage | Promise<RgbImage>;
/** A picture through an autoencoder. */
export type Reconstruct = (image: RgbImage) => Promise<RgbImage>;

/** Pixels. */
const BLUR = 1;
/** Deviation, of 255. */
const NOISE = 10;

/** By their names for people. Without an autoencoder there are fewer. */
function conditions(reconstruct: Reconstruct | undefined): Readonly<Record<string, Condition>> {
  const throughNoise: Condition = (image, id) => noisy(image, NOISE, new Philox(seedOf("judge noise", id)));
  return {
    "as drawn": (image) => image,
    [`blur, σ ${BLUR} px`]: (image) => blurred(image, BLUR),
    [`noise, σ ${NOISE} of 255`]: throughNoise,
    ...(reconstruct && {
      "through the VAE": reconstruct,
      "VAE, then blur": async (image) => blurred(await reconstruct(image), BLUR),
    }),
  };
}

/** How often each judge is right of right pictures under one condition, in the order of the judges. */
export interface TruthRow {
  readonly condition: string;
  readonly shares: readonly Share[];
}

/** Judges on right pictures of items, which `gradeTruth` grades as it does in an evaluation. Items without any are left out. */
export async function truthTrial(
  judges: readonly WorldJudge[],
  items: readonly EvaluationItem[],
  bank: SpriteBank,
  { reconstruct, onItem }: { readonly reconstruct?: Reconstruct | undefined; readonly onItem?: (done: number) => void },
): Promise<TruthRow[]> {
  const rows = Object.entries(conditions(reconstruct)).map(([condition, change]) => ({
    condition,
    change,
    verdicts: judges.map((): boolean[] => []),
  }));
  for (const [done, { id, truth, expected }] of items.entries()) {
    onItem?.(done);
    const scenes = truth.map((scene) => renderScene(scene, bank));
    if (scenes.length === 0) continue;
    for (const { change, verdicts } of rows) {
      const pictures = await Promise.all(scenes.map((scene) => change(scene, id)));
      for (const [i, judge] of judges.entries())
        verdicts[i]!.push(gradeTruth(expected, await viewsOf(judge, pictures)).right);
    }
  }
  return rows.map(({ condition, verdicts }) => ({ condition, shares: verdicts.map(shareOf) }));
}
