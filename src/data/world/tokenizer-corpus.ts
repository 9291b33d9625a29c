import { CONCEPTS } from "./concepts.ts";
import { textsOf } from "./draft.ts";
import { DraftStream } from "./draft-stream.ts";
import { many, one, the } from "./grammar.ts";
import { WORDS_ONLY } from "./palette.ts";
import { STYLES } from "./styles.ts";

/** How often every name is put into the corpus, so that rare and held-out concepts get tokens of their own. */
const NAME_REPEATS = 40;

/**
 * Texts to train the tokenizer of Emoji World on: those of the first `count` samples, and every name of the world in a
 * few phrases. Deterministic.
 */
export function* tokenizerCorpus(count: number, seed: number): Generator<string> {
  const stream = new DraftStream({ seed }, WORDS_ONLY);
  for (let index = 0; index < count; index++) yield* textsOf(stream.draft(index));
  for (let repeat = 0; repeat < NAME_REPEATS; repeat++) {
    for (const concept of CONCEPTS) {
      yield* [one(concept), the(concept), many(concept), ...concept.synonyms.map((name) => `a ${name}`)];
    }
    for (const word of [...WORDS_ONLY.colours, ...WORDS_ONLY.backgrounds])
      yield `a ${word} one on a ${word} background`;
    for (const style of STYLES) yield `in ${style.promptName} style`;
  }
}
