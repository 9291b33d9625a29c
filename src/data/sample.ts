import type { RgbImage } from "../core/image.ts";

/** One item of a training sample. `loss` says whether the model learns to produce it or merely sees it. */
export type SampleItem =
  | { readonly type: "text"; readonly text: string; readonly loss: boolean }
  | { readonly type: "image"; readonly image: RgbImage; readonly loss: boolean };

/**
 * One training sample: text and pictures in their native order (Sec. 3.2). Prompts are items without loss, answers and
 * drawn pictures items with loss. Between a prompt and an answer the sequence builder puts the turn markers.
 */
export interface Sample {
  /** Kind of task, for mixtures and metrics: "draw", "caption", "question", "edit", "group", "sequence", … */
  readonly kind: string;
  readonly items: readonly SampleItem[];
}
