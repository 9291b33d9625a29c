import type { Philox } from "../../../core/random.ts";
import type { Category, Concept } from "../concepts.ts";
import { reply, say, type SampleDraft } from "../draft.ts";
import { fill, list, many, numberWord, one, sentence } from "../grammar.ts";
import {
  chance,
  pickConcepts,
  pickDistinct,
  pickTemplate,
  pickWeighted,
  typed,
  type TaskWorld,
} from "../task-world.ts";

interface Exchange {
  readonly prompt: string;
  readonly answer: string;
}
type ExchangeMaker = (random: Philox, world: TaskWorld) => Exchange | null;

/** What each category is called of one thing, and how a thing of it is asked for. */
const CATEGORY_WORDS: Readonly<
  Partial<Record<Category, { readonly is: string; readonly name: string; readonly plural: string }>>
> = {
  animal: { is: "an animal", name: "an animal", plural: "animals" },
  food: { is: "food", name: "something to eat", plural: "foods" },
  vehicle: { is: "a vehicle", name: "a vehicle", plural: "vehicles" },
  plant: { is: "a plant", name: "a plant", plural: "plants" },
  building: { is: "a building", name: "a building", plural: "buildings" },
  clothing: { is: "something to wear", name: "something to wear", plural: "things to wear" },
  music: { is: "a musical instrument", name: "a musical instrument", plural: "musical instruments" },
};

const FIXED: readonly (readonly [readonly string[], string])[] = [
  [
    ["Hello!", "Hi!", "Hello there!", "Good morning!", "Good evening.", "Hey!", "Hi there."],
    "Hello! What shall I draw?",
  ],
  [["How are you?", "How are you today?", "How is it going?", "Are you well?"], "I am fine. What shall I draw?"],
  [
    ["Who are you?", "What is your name?", "What are you?", "What are you called?"],
    "I am Mogao. I read and draw pictures.",
  ],
  [
    ["What can you do?", "How can you help me?", "What are you good at?", "What do you do?"],
    "I can draw pictures, change them and talk about them.",
  ],
  [
    [
      "What can you draw?",
      "What do you know to draw?",
      "Which things can you draw?",
      "What kinds of things can you draw?",
    ],
    "I can draw animals, food, vehicles, plants and many other things.",
  ],
  [["Thank you!", "Thanks!", "Thank you very much.", "Great, thanks.", "Nice, thank you."], "You are welcome."],
  [["Goodbye!", "Bye!", "See you later.", "Good night!", "Bye bye."], "Goodbye!"],
  [["Well done!", "Very nice!", "That is beautiful.", "I like it.", "Great!"], "Thank you!"],
  [["Can you draw?", "Do you draw?", "Are you able to draw?", "Can you make pictures?"], "Yes. Tell me what to draw."],
  [["Can you see pictures?", "Can you look at pictures?", "Do you understand pictures?"], "Yes. Show me one."],
];

/** Text only, so that the model knows when not to draw: small talk and knowledge of this world. */
export function chat(random: Philox, world: TaskWorld): SampleDraft {
  const [task, make] = pickWeighted<readonly [string, ExchangeMaker]>(random, [
    [["talk", smallTalk], 30],
    [["colour", naturalColour], 16],
    [["category", category], 22],
    [["name", nameSome], 14],
    [["known", knownWords], 8],
    [["sum", sum], 10],
  ]);
  for (;;) {
    const exchange = make(random, world);
    if (exchange === null) continue;
    const items = [say(typed(random, exchange.prompt)), reply(exchange.answer)];
    return { kind: "chat", task: `chat.${task}`, items, relations: [] };
  }
}

function smallTalk(random: Philox, world: TaskWorld): Exchange {
  const [prompts, answer] = random.pick(FIXED);
  return { prompt: pickTemplate(random, world, "chat-talk", prompts), answer };
}

const NATURAL_COLOUR = [
  "What colour {is} {x}?",
  "What color {is} {x} usually?",
  "Which colour does {x} have?",
  "What is the usual colour of {x}?",
  "Tell me the colour of {x}.",
  "Do you know the colour of {x}?",
] as const;

function naturalColour(random: Philox, world: TaskWorld): Exchange | null {
  const [concept] = pickConcepts(random, world, 1);
  if (concept!.naturalColour === null) return null;
  const words = { x: one(concept!), is: "is" };
  const prompt = fill(pickTemplate(random, world, "chat-colour", NATURAL_COLOUR), words);
  return { prompt, answer: sentence(concept!.naturalColour) };
}

const IS_A = [
  "Is {x} {y}?",
  "Would you say that {x} is {y}?",
  "Do you think {x} is {y}?",
  "{X} is {y}, right?",
] as const;
const WHAT_IS_A = [
  "What kind of thing is {x}?",
  "What is {x}?",
  "What sort of thing is {x}?",
  "Can you tell me what {x} is?",
  "Do you know what {x} is?",
] as const;
const WHICH_IS = ["Which is {y}, {a} or {b}?", "Which one is {y}, {a} or {b}?", "{A} or {b}: which is {y}?"] as const;

function category(random: Philox, world: TaskWorld): Exchange | null {
  const [first, second] = pickConcepts(random, world, 2) as [Concept, Concept];
  const words = CATEGORY_WORDS[first.category];
  const other = CATEGORY_WORDS[second.category];
  if (words === undefined) return null;
  const form = random.int(3);
  if (form === 0) {
    const prompt = fill(pickTemplate(random, world, "chat-what-is", WHAT_IS_A), { x: one(first) });
    return { prompt, answer: sentence(`${one(first)} is ${words.is}`) };
  }
  if (other === undefined || first.category === second.category) return null;
  if (form === 1) {
    const right = chance(random, 0.5);
    const prompt = fill(pickTemplate(random, world, "chat-is", IS_A), { x: one(first), y: (right ? words : other).is });
    return { prompt, answer: right ? "Yes." : "No." };
  }
  const [a, b] = random.shuffle([one(first), one(second)]);
  const prompt = fill(pickTemplate(random, world, "chat-which", WHICH_IS), { y: words.is, a: a!, b: b! });
  return { prompt, answer: sentence(one(first)) };
}

const NAME_ONE = [
  "Name {y}.",
  "Tell me {y}.",
  "Can you name {y}?",
  "Say the name of {y}.",
  "Do you know {y}?",
] as const;
const NAME_SOME = [
  "Name {n} {ys}.",
  "Tell me {n} {ys}.",
  "Can you name {n} {ys}?",
  "List {n} {ys}.",
  "Say {n} {ys}.",
] as const;

function nameSome(random: Philox, world: TaskWorld): Exchange | null {
  const [seen] = pickConcepts(random, world, 1) as [Concept];
  const words = CATEGORY_WORDS[seen.category];
  const members = world.concepts.filter((concept) => concept.category === seen.category);
  if (words === undefined) return null;
  const count = 1 + random.int(3);
  if (members.length < count) return null;
  const chosen = pickDistinct(random, members, count);
  const answer = sentence(list(chosen.map((concept) => one(concept))));
  if (count === 1)
    return { prompt: fill(pickTemplate(random, world, "chat-name", NAME_ONE), { y: words.name }), answer };
  const prompt = fill(pickTemplate(random, world, "chat-name-some", NAME_SOME), {
    n: numberWord(count),
    ys: words.plural,
  });
  return { prompt, answer };
}

const COLOURS = [
  "Which colours do you know?",
  "What colours can you use?",
  "Which colors are there?",
  "Name your colours.",
] as const;
const STYLES = [
  "Which styles do you know?",
  "What styles can you draw in?",
  "Which styles are there?",
  "Name your styles.",
] as const;
const CAN_BE = ["What colours can {x} be?", "Which colours can {x} have?", "What colors can {x} come in?"] as const;

function knownWords(random: Philox, world: TaskWorld): Exchange | null {
  const form = random.int(3);
  if (form === 0) {
    return { prompt: pickTemplate(random, world, "chat-colours", COLOURS), answer: sentence(list(world.colours)) };
  }
  if (form === 1) {
    const answer = sentence(list(world.styles.map((style) => style.promptName)));
    return { prompt: pickTemplate(random, world, "chat-styles", STYLES), answer };
  }
  const [concept] = pickConcepts(random, world, 1) as [Concept];
  if (!concept.recolourable || world.colours.length < 3) return null;
  const prompt = fill(pickTemplate(random, world, "chat-can-be", CAN_BE), { x: one(concept) });
  return { prompt, answer: sentence(`it can be ${list(pickDistinct(random, world.colours, 3), "or")}`) };
}

const SUMS = ["What is {a} plus {b}?", "How much is {a} and {b}?", "{A} plus {b}?", "Add {a} and {b}."] as const;
const SUMS_OF = ["{A} {xs} and {b} {xs}: how many are that?", "How many are {a} {xs} and {b} {xs}?"] as const;

function sum(random: Philox, world: TaskWorld): Exchange {
  const [a, b] = [2 + random.int(4), 2 + random.int(4)];
  const answer = sentence(numberWord(a + b));
  const words = { a: numberWord(a), b: numberWord(b) };
  if (chance(random, 0.5)) return { prompt: fill(pickTemplate(random, world, "chat-sum", SUMS), words), answer };
  const [concept] = pickConcepts(random, world, 1) as [Concept];
  return { prompt: fill(pickTemplate(random, world, "chat-sum-of", SUMS_OF), { ...words, xs: many(concept) }), answer };
}
