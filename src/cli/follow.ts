import type { RgbImage } from "../core/image.ts";
import { encodePng } from "../data/png.ts";
import type { FinishReason, Generation, GenerateEvent, Usage } from "../generate/types.ts";
import type { Progress } from "./progress.ts";

/** A part as the command line reports it: pictures by their files. */
export type SavedPart =
  | { readonly type: "text"; readonly text: string; readonly thought?: true }
  | {
      readonly type: "image";
      readonly path: string;
      readonly width: number;
      readonly height: number;
      readonly seed: number;
    };

/** What `--json` prints. */
export interface Outcome {
  readonly parts: readonly SavedPart[];
  readonly finish: FinishReason;
  readonly seed: number;
  readonly usage: Usage;
}

/** Where a person sees things as they come. */
export interface View {
  text(delta: string): void;
  /** Between two parts, so that a picture or a progress line begins on a line of its own. */
  endText(): void;
  image(image: RgbImage, path: string): Promise<void>;
}

export interface FollowOptions {
  /** Writes a picture and returns its path. */
  readonly save: (seed: number, png: Uint8Array) => Promise<string>;
  readonly view?: View;
  readonly progress: Pick<Progress, "update" | "clear">;
}

/** Follows a generation to its end: shows what comes, saves pictures, reports progress. */
export async function follow(generation: Generation, { save, view, progress }: FollowOptions): Promise<Outcome> {
  const parts: SavedPart[] = [];
  let drawing: { started: number; size: string } | undefined;
  try {
    for await (const event of generation) {
      switch (event.type) {
        case "text-delta":
          progress.clear();
          view?.text(event.text);
          break;
        case "text-end":
          parts.push({ type: "text", text: event.text, ...(event.thought && { thought: true }) });
          view?.endText();
          break;
        case "image-start":
          view?.endText();
          drawing = { started: performance.now(), size: `${event.width}×${event.height}` };
          progress.update(`drawing picture ${event.index + 1}, ${drawing.size}, ${event.steps} steps`);
          break;
        case "image-step":
          progress.update(stepLine(event, drawing?.size ?? "", performance.now() - (drawing?.started ?? 0)));
          break;
        case "image-end": {
          const { image, seed } = event;
          const path = await save(seed, await encodePng(image));
          parts.push({ type: "image", path, width: image.width, height: image.height, seed });
          progress.clear();
          await view?.image(image, path);
          break;
        }
        case "finish":
          return { parts, finish: event.reason, seed: generation.seed, usage: event.usage };
      }
    }
  } finally {
    progress.clear();
    view?.endText();
  }
  throw new Error("the generation ended without a finish event");
}

function stepLine(event: GenerateEvent & { type: "image-step" }, size: string, elapsed: number): string {
  const { index, step, steps } = event;
  const left = step === 0 ? "" : `, ${((elapsed / step / 1000) * (steps - step)).toFixed(1)} s left`;
  const filled = Math.round((step / steps) * 20);
  return `drawing picture ${index + 1}, ${size} [${"#".repeat(filled)}${"·".repeat(20 - filled)}] ${step}/${steps}${left}`;
}
