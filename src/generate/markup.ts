import type { Tokenizer } from "../encoders/tokenizer.ts";
import type { Markers } from "../model/sequence.ts";
import type { ModelFolderConfig } from "../weights/model-config.ts";

type Ids = readonly number[];

/** Ids that stand around the pieces of a conversation: how its family writes it down. */
export interface Markup {
  readonly openPrompt: Ids;
  readonly closePrompt: Ids;
  readonly openAnswer: Ids;
  readonly closeAnswer: Ids;
  /** Around each text, within a prompt or an answer. */
  readonly openText: Ids;
  readonly closeText: Ids;
  /** Around each image; none where its groups hold their markers. */
  readonly openImage: Ids;
  readonly closeImage: Ids;
  /** Inside each group of an image. */
  readonly insideImage: Markers | undefined;
}

/** Throws InputError where the tokenizer lacks a token that the configuration names. */
export function markupOf({ model, generation }: ModelFolderConfig, tokenizer: Tokenizer): Markup {
  const { prompt, answer, text } = generation.markup;
  const ids = (template: string) => encodeTemplate(template, tokenizer);
  const { visionStart: start, visionEnd: end } = tokenizer.special;
  const inside = model.imageLayout?.markers === "inside";
  return {
    openPrompt: ids(prompt[0]),
    closePrompt: ids(prompt[1]),
    openAnswer: ids(answer[0]),
    closeAnswer: ids(answer[1]),
    openText: ids(text[0]),
    closeText: ids(text[1]),
    openImage: inside ? [] : [start],
    closeImage: inside ? [] : [end],
    insideImage: inside ? { start, end } : undefined,
  };
}

/** Unlike in a prompt, `<|name|>` is the special token of that name here. */
function encodeTemplate(template: string, tokenizer: Tokenizer): number[] {
  return template
    .split(/(<\|\w+\|>)/)
    .flatMap((piece, i) => (i % 2 === 1 ? [tokenizer.specialId(piece)] : tokenizer.encode(piece)));
}
