/** Who decides what an answer goes on with: the model, or a rule of the caller's. */
import type { NextPartRule, OutputMode } from "./types.ts";

/** Sec. 3: the model opens an image when it wants one, and ends its turn. */
const asTheModelWants: NextPartRule = ({ after }) =>
  after === "request" ? "image" : after === "text" ? "stop" : "text";

const oneText: NextPartRule = ({ after }) => (after === "start" ? "text" : "stop");
const oneImage: NextPartRule = ({ after }) => (after === "start" ? "image" : "stop");

/** The rule where the caller gives none. A model that never opens an image by itself draws one, unless text is asked for. */
export function usualRule(output: OutputMode, opensImages: boolean): NextPartRule {
  if (opensImages) return asTheModelWants;
  return output === "text" ? oneText : oneImage;
}

/**
 * A rule that alternates text and pictures, until the most pictures are drawn or the model has no more to say: a picture after
 * each text that the model ends, or after each of its paragraphs.
 */
export function drawAfter(unit: "text" | "paragraph"): NextPartRule {
  return ({ after, parts, imagesLeft }) => {
    if (after === "start" || (after === "image" && imagesLeft > 0)) return unit;
    return after !== "image" && parts.at(-1)?.type === "text" ? "image" : "stop";
  };
}
