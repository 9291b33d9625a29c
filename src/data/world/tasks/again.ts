import type { Philox } from "../../../core/random.ts";
import { draw, reply, say, show, type SampleDraft } from "../draft.ts";
import { pickTemplate, typed, type TaskWorld } from "../task-world.ts";
import { startPicture } from "./edit.ts";

const REQUESTS = [
  "Draw this again.",
  "Draw it again.",
  "Draw the same picture again.",
  "The same again, please.",
  "Again, please.",
  "Copy this picture.",
  "Make a copy of this.",
  "Repeat this picture.",
  "Show me this picture again.",
  "Draw this picture once more.",
  "Can you draw exactly this?",
  "I want the same picture once more.",
] as const;

/** A picture, and the same again: what an edit does with all that it leaves as it was. */
export function again(random: Philox, world: TaskWorld): SampleDraft {
  const { scene } = startPicture(random, world);
  const request = typed(random, pickTemplate(random, world, "again", REQUESTS));
  return {
    kind: "again",
    task: "again",
    items: [show(scene), say(request), reply("Here it is again."), draw(scene)],
    relations: [],
  };
}
