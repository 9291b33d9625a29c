import type { RgbImage } from "../../core/image.ts";
import type { Detection, TemplateJudge } from "./template-judge.ts";

/** What the judge sees in a picture. */
export interface View {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Name of the nearest background of the palette. */
  readonly background: string;
  readonly detections: readonly Detection[];
}

/** Detections that match their template less are no object, as GenEval drops boxes of low confidence. */
export const LEAST_SCORE = 0.8;

export function viewOf(judge: TemplateJudge, image: RgbImage): View {
  const { width, height } = image;
  return { width, height, background: judge.background(image), detections: judge.detect(image) };
}

/** The detections that count as objects. */
export function certain({ detections }: View): Detection[] {
  return detections.filter(({ score }) => score >= LEAST_SCORE);
}
