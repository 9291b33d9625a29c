import type { Philox } from "../../../core/random.ts";
import { captionOf } from "../captions.ts";
import { draw, reply, say, type DraftItem, type SampleDraft, type StatedRelation } from "../draft.ts";
import { capitalise, fill, here, list, pronoun, sentence } from "../grammar.ts";
import { realise, type ScenePlan } from "../scene-plan.ts";
import type { Scene } from "../scene.ts";
import {
  chance,
  colourOf,
  pickBackground,
  pickColour,
  pickConcepts,
  pickStyle,
  pickTemplate,
  pickWeighted,
  typed,
  type Subject,
  type TaskWorld,
} from "../task-world.ts";
import type { Concept } from "../concepts.ts";
import { subjects } from "./draw-scene.ts";
import { drawRequest } from "./draw-single.ts";
import { editAnswer, editPhrase, editRelations, editTurn, startPicture } from "./edit.ts";
import { editStep, type EditStep, type Operation, type Picture } from "./edit-steps.ts";
import { colourQuestion } from "./question-look.ts";
import { countQuestion, existsQuestion } from "./question-existence.ts";

/** {x} is what to draw first and {i} what to do then. */
const COMPOUND = [
  "Draw {x}. Then {i}.",
  "Draw {x}. Then {i}.",
  "Draw {x}. Then {i}.",
  "Draw {x}, then {i}.",
  "Draw {x} and then {i}.",
  "Draw {x}. Now {i}.",
  "Draw {x}. After that, {i}.",
  "Draw {x}. Next, {i}.",
  "Draw {x} first, then {i}.",
  "First draw {x}, then {i}.",
  "First draw {x}. Then {i}.",
  "Please draw {x}. Then {i}.",
  "Please draw {x} and then {i}.",
  "Paint {x}, then {i}.",
  "Show me {x}. Then {i}.",
  "Can you draw {x} and then {i}?",
  "Make a picture of {x}. Then {i}.",
  "Create {x}, then {i}.",
  "Start with {x}, then {i}.",
  "I want to see {x}. Then {i}.",
] as const;

/** The same with a second change {j}. */
const COMPOUND_TWO = [
  "Draw {x}. Then {i}. Finally, {j}.",
  "Draw {x}. Then {i}. Then {j}.",
  "Draw {x}, then {i}, then {j}.",
  "Draw {x}, {i} and then {j}.",
  "First draw {x}, then {i}, and at last {j}.",
  "Please draw {x}. Then {i}. After that, {j}.",
  "Paint {x}. Then {i} and {j}.",
  "Show me {x}. Next, {i}. Then {j}.",
] as const;

/** Two or three separate pictures; a bare list would mean one picture of all. */
const SEPARATE = [
  "Draw {list}, one picture each.",
  "Draw {list} in separate pictures.",
  "Draw separate pictures of {list}.",
  "First draw {first}, then {second}.",
  "Draw {first}. Then draw {second}.",
  "Draw {first}, and then {second}.",
  "A picture of {first}, then one of {second}.",
  "Show me {first}, then {second}.",
  "Paint {first} and, in a new picture, {second}.",
] as const;

/** Pictures within a conversation: drawn and changed in one request or turn by turn, talked about, or one by one. */
export function conversation(random: Philox, world: TaskWorld): SampleDraft {
  const form = pickWeighted(random, [
    [compoundColour, 25],
    [compound, 33],
    [turns, 24],
    [talk, 10],
    [separate, 8],
  ] as const);
  for (;;) {
    const draft = form(random, world);
    if (draft !== null) return draft;
  }
}

/** The plainest compound request, {x} then {i}: what people try first, so it occurs often word for word. */
const PLAIN_COMPOUND = "Draw {x}. Then {i}.";

interface Opening extends Picture {
  readonly caption: string;
  readonly plain: string;
  readonly relations: readonly StatedRelation[];
}

/** A first picture and its caption. Half of them are of one object in a said colour, as in "a red apple". */
function opening(random: Philox, world: TaskWorld): Opening {
  const picture = startPicture(random, world);
  const { plan } = picture;
  const first = plan.groups[0]!;
  const naturalColours = colourOf(first) !== null && plan.groups.length === 1 && chance(random, 0.5);
  const caption = captionOf(random, plan, {
    naturalColours,
    style: chance(random, 0.2),
    background: plan.background !== "white",
    arrangement: true,
  });
  return {
    ...picture,
    caption: caption.text,
    plain: captionOf(null, plan, { naturalColours }).text,
    relations: caption.relations,
  };
}

function announced({ plan, plain }: Opening): DraftItem {
  return reply(here(plain, plan.groups.length > 1 || plan.groups[0]!.count > 1));
}

/** "Draw a red apple. Then make it green.": one object in a said colour, which then gets another one. */
function compoundColour(random: Philox, world: TaskWorld): SampleDraft | null {
  const start = colouredOpening(random, world);
  const found = editStep(random, world, start, "recolour");
  if (found === null) return null;
  const plain = world.wordings.half === "train" && chance(random, 0.5);
  const ref = pronoun(start.plan.groups[0]!.concept);
  const step = plain ? { ...found, words: { ...found.words, ref, subject: ref === "it" ? "it" : "they" } } : found;
  const i = plain ? fill("make {ref} {colour}", step.words) : editPhrase(random, world, step);
  const template = plain ? PLAIN_COMPOUND : pickTemplate(random, world, "compound", COMPOUND);
  const prompt = typed(random, fill(template, { x: start.caption, i }));
  const items = [say(prompt), announced(start), draw(start.scene), reply(editAnswer(step)), draw(step.after.scene)];
  return { kind: "edit", task: "conversation.colours", items, relations: [] };
}

function colouredOpening(random: Philox, world: TaskWorld): Opening {
  const [concept] = pickConcepts(random, world, 1, (item) => item.recolourable) as [Concept];
  const group = { concept, style: pickStyle(random, world, [concept]), count: 1 };
  const colour = pickColour(random, world, concept, concept.naturalColour === null ? 1 : 0.5);
  const subject = { ...group, colour };
  const background = pickBackground(random, world, [subject], true);
  const plan: ScenePlan = { groups: [subject], arrangement: { type: "alone" }, background };
  const caption = captionOf(null, plan, { naturalColours: true, background: background !== "white" }).text;
  const plain = captionOf(null, plan, { naturalColours: true }).text;
  return { plan, scene: realise(random, world, plan), caption, plain, relations: [] };
}

/** The same with changes of every kind: two or three pictures, each with its words. */
function compound(random: Philox, world: TaskWorld): SampleDraft | null {
  const start = opening(random, world);
  const steps = chain(random, world, start, chance(random, 0.2) ? 2 : 1);
  if (steps === null) return null;
  const [i, j] = steps.map((step) => editPhrase(random, world, step));
  const prompt =
    j === undefined
      ? fill(pickTemplate(random, world, "compound", COMPOUND), { x: start.caption, i: i! })
      : fill(pickTemplate(random, world, "compound-two", COMPOUND_TWO), { x: start.caption, i: i!, j });
  const pictures = steps.flatMap((step) => [reply(editAnswer(step)), draw(step.after.scene)]);
  return {
    kind: "edit",
    task: "conversation.compound",
    items: [say(typed(random, prompt)), announced(start), draw(start.scene), ...pictures],
    relations: [...start.relations, ...steps.flatMap(editRelations)],
  };
}

/** A drawing and then instructions, turn by turn. */
function turns(random: Philox, world: TaskWorld): SampleDraft | null {
  const start = opening(random, world);
  const steps = chain(random, world, start, chance(random, 0.3) ? 2 : 1);
  if (steps === null) return null;
  return {
    kind: "edit",
    task: "conversation.turns",
    items: [...openingTurn(random, world, start), ...steps.flatMap((step) => editTurn(random, world, step))],
    relations: [...start.relations, ...steps.flatMap(editRelations)],
  };
}

/** A drawing and then a question about it. */
function talk(random: Philox, world: TaskWorld): SampleDraft | null {
  const start = opening(random, world);
  const asked = random.pick([colourQuestion, countQuestion, existsQuestion])(random, world, start.plan);
  if (asked === null) return null;
  return {
    kind: "question",
    task: "conversation.question",
    items: [
      ...openingTurn(random, world, start),
      say(typed(random, capitalise(asked.question))),
      reply(sentence(asked.answer)),
    ],
    relations: [...start.relations, ...(asked.relations ?? [])],
  };
}

function openingTurn(random: Philox, world: TaskWorld, start: Opening): DraftItem[] {
  const { prompt, answer } = drawRequest(random, world, start.caption, start.plain, false);
  const picture = draw(start.scene);
  return answer === null ? [say(prompt), picture] : [say(prompt), announced(start), picture];
}

function chain(random: Philox, world: TaskWorld, start: Picture, count: number): EditStep[] | null {
  const steps: EditStep[] = [];
  let current = start;
  for (let i = 0; i < count; i++) {
    // The change of colour is what people try first.
    const wanted: Operation | undefined = i === 0 && chance(random, 0.35) ? "recolour" : undefined;
    const step = editStep(random, world, current, wanted);
    if (step === null) return null;
    steps.push(step);
    current = step.after;
  }
  return steps;
}

/** Several pictures from one request, each announced. */
function separate(random: Philox, world: TaskWorld): SampleDraft {
  const template = pickTemplate(random, world, "separate", SEPARATE);
  const count = template.includes("{list}") && chance(random, 0.4) ? 3 : 2;
  const items = subjects(random, world, count);
  const pictures = items.map((subject) => single(random, world, subject));
  const phrases = pictures.map(({ phrase }) => phrase);
  const prompt = fill(template, { list: list(phrases), first: phrases[0]!, second: phrases[1]! });
  return {
    kind: "group",
    task: "conversation.separate",
    items: [
      say(typed(random, prompt)),
      ...pictures.flatMap(({ phrase, scene }) => [reply(sentence(phrase)), draw(scene)]),
    ],
    relations: [],
  };
}

function single(random: Philox, world: TaskWorld, subject: Subject): { phrase: string; scene: Scene } {
  const plan = { groups: [{ ...subject, count: 1 }], arrangement: { type: "alone" }, background: "white" } as const;
  return { phrase: captionOf(null, plan, {}).text, scene: realise(random, world, plan) };
}
