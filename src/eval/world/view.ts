import type { RgbImage } from "../../core/image.ts";
import { nearestBackground } from "../../data/world/backgrounds.ts";
import { backgroundOf } from "./components.ts";
import type { Detection, WorldJudge } from "./judge.ts";

/** What the judge sees in a picture. */
export interface View {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Name of the nearest background of the palette. */
  readonly background: string;
  readonly detections: readonly Detection[];
  /** Detections of a lower score are no object, as GenEval drops boxes of low confidence. */
  readonly leastScore: number;
}

export async function viewOf(judge: WorldJudge, image: RgbImage): Promise<View> {
  const { width, height } = image;
  const background = nearestBackground(backgroundOf(image)).name;
  return { width, height, background, detections: await judge.detect(image), leastScore: judge.leastScore };
}

export async function viewsOf(judge: WorldJudge, images: readonly RgbImage[]): Promise<View[]> {
  const views: View[] = [];
  for (const image of images) views.push(await viewOf(judge, image));
  return views;
}

/** The detections that count as objects. */
export function certain({ detections, leastScore }: View): Detection[] {
  return detections.filter(({ score }) => score >= leastScore);
}
