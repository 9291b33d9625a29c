import { conceptNamed, type Concept } from "./concepts.ts";
import { scenesOf, type SampleDraft } from "./draft.ts";
import type { Scene } from "./scene.ts";
import { splitOfColour, splitOfConcept, splitOfPair, splitOfRelation, splitOfStyle, type Split } from "./splits.ts";

/**
 * The splits that the combinations in a draft belong to, without "train" (wordings aside: {@link Wordings} sees to
 * them). Empty for a draft that training may use.
 *
 * A colour counts when the sprite was recoloured to it. A
 * relation counts when the text states it or asks about it, whatever the answer.
 */
export function heldOutSplits(draft: SampleDraft): Set<Split> {
  const found = new Set<Split>();
  for (const scene of scenesOf(draft)) addScene(found, scene);
  for (const { concept, relation } of draft.relations) found.add(splitOfRelation(concept, relation));
  found.delete("train");
  return found;
}

/** As {@link splitOfColour}; the natural colour of a concept can never be held out. */
export function splitOfColouring({ name, naturalColour }: Concept, colour: string): Split {
  return colour === naturalColour ? "train" : splitOfColour(name, colour);
}

function addScene(found: Set<Split>, { objects }: Scene): void {
  for (const [index, object] of objects.entries()) {
    const { concept, style, colour } = object;
    // Twins (three equal apples) bring nothing new.
    const twin = objects.findIndex((o) => o.concept === concept && o.style === style && o.colour === colour);
    if (twin < index) continue;
    found.add(splitOfConcept(concept));
    found.add(splitOfStyle(concept, style));
    if (colour !== null) found.add(splitOfColouring(conceptNamed(concept), colour));
    for (const other of objects.slice(0, index)) found.add(splitOfPair(concept, other.concept));
  }
}
