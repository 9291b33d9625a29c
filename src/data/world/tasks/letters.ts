import type { Philox } from "../../../core/random.ts";
import { reply, say, type SampleDraft } from "../draft.ts";
import { bare, fill, sentence, the } from "../grammar.ts";
import { pickConcepts, pickTemplate, typed, type TaskWorld } from "../task-world.ts";
import { optionLines } from "./question-look.ts";

/** {the} is "the apple". The list of options follows. */
const FIRST = [
  "Which letter is {the}?",
  "Which letter stands for {the}?",
  "Which letter belongs to {the}?",
  "What is the letter of {the}?",
  "Find {the}. Which letter is it?",
  "Where is {the} in this list?",
] as const;
const NEXT = ["And {the}?", "Which letter is {the}?", "{The}?", "And which is {the}?"] as const;

/** The other way round: {letter} is "B". */
const BACK = ["What is {letter}?", "What does {letter} stand for?", "And {letter}?"] as const;

/**
 * A lettered list and questions which letter a name has, without a picture: the half of a multiple choice that comes after one
 * knows what is to be seen. One list serves many questions.
 */
export function letters(random: Philox, world: TaskWorld): SampleDraft {
  const concepts = pickConcepts(random, world, 2 + random.int(3));
  const asked = random.shuffle([...concepts.keys()]);
  const exchanges = asked.flatMap((index, turn) => {
    const [concept, letter] = [concepts[index]!, "ABCD"[index]!];
    if (turn === 0) {
      const question = fill(pickTemplate(random, world, "letters-first", FIRST), { the: the(concept) });
      return [say(`${question}\n${optionLines(concepts)}`), reply(sentence(letter))];
    }
    if (turn === concepts.length - 1) {
      const question = fill(pickTemplate(random, world, "letters-back", BACK), { letter });
      return [say(question), reply(sentence(bare(concept)))];
    }
    const question = fill(pickTemplate(random, world, "letters-next", NEXT), { the: the(concept) });
    return [say(typed(random, question)), reply(sentence(letter))];
  });
  return { kind: "chat", task: "letters", items: exchanges, relations: [] };
}
