import { InputError } from "../../core/errors.ts";
import { HELD_OUT_STYLE_ICONS } from "./held-out-style-icons.ts";

export type Category =
  "animal" | "food" | "vehicle" | "plant" | "nature" | "building" | "clothing" | "music" | "object";

/** A thing that Emoji World can draw, with the words that people use for it. */
export interface Concept {
  /** What people say, in the singular: "apple". */
  readonly name: string;
  readonly plural: string;
  /** What stands before the name: "a", "an", "a pair of". */
  readonly article: string;
  /** True where the name takes "are": scissors, grapes. */
  readonly pluralVerb: boolean;
  readonly synonyms: readonly string[];
  readonly category: Category;
  /** Slug shared by the sets; {@link iconName} knows the exceptions. */
  readonly icon: string;
  /** The colour that a person would call it in every train style, or null if it has several or the styles differ. */
  readonly naturalColour: string | null;
  /** Whether one hue fills its body in every train style, so that recolouring by code is right. */
  readonly recolourable: boolean;
}

type Options = Partial<Pick<Concept, "plural" | "article" | "pluralVerb" | "synonyms">> & { readonly icon?: string };

/** Concepts of which one hue fills at least 47% in every train style (the test measures it) and that look right recoloured. */
const RECOLOURABLE = new Set(
  "cat,dog,horse,pig,bear,lion,monkey,fox,turtle,snake,fish,whale,octopus,crab,bird,chick,apple,pear,lemon,tangerine,strawberry,eggplant,mushroom,doughnut,car,tree,pine tree,cactus,rose,flower,leaf,sun,moon,star,lightning bolt,snowflake,fire,drop,tent,crown,dress,backpack,handbag,umbrella,guitar,bell,basketball,balloon,trophy,heart,key,book,pencil,light bulb,vase,gem,anchor,pumpkin".split(
    ",",
  ),
);

function concept(category: Category, name: string, naturalColour: string | null, options: Options = {}): Concept {
  return {
    name,
    plural: options.plural ?? pluralOf(name),
    article: options.article ?? (/^[aeiou]/.test(name) && !name.startsWith("uni") ? "an" : "a"),
    pluralVerb: options.pluralVerb ?? false,
    synonyms: options.synonyms ?? [],
    category,
    icon: options.icon ?? name.replaceAll(" ", "-"),
    naturalColour,
    recolourable: RECOLOURABLE.has(name),
  };
}

function pluralOf(name: string): string {
  if (/(s|x|ch|sh)$/.test(name)) return `${name}es`;
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return `${name}s`;
}

/** Version 0 of the concept table. Order matters to nothing; names are unique among names and synonyms. */
export const CONCEPTS: readonly Concept[] = [
  concept("animal", "cat", null, { synonyms: ["kitty"] }),
  concept("animal", "dog", null, { synonyms: ["puppy"] }),
  concept("animal", "horse", "brown"),
  concept("animal", "cow", null),
  concept("animal", "pig", "pink"),
  concept("animal", "sheep", "white", { plural: "sheep", icon: "ewe" }),
  concept("animal", "elephant", null),
  concept("animal", "bear", "brown"),
  concept("animal", "rabbit", null, { synonyms: ["bunny"] }),
  concept("animal", "lion", null),
  concept("animal", "monkey", "brown"),
  concept("animal", "panda", null),
  concept("animal", "fox", "orange"),
  concept("animal", "unicorn", null),
  concept("animal", "frog", "green"),
  concept("animal", "turtle", "green", { synonyms: ["tortoise"] }),
  concept("animal", "snake", "green"),
  concept("animal", "fish", null, { plural: "fish", icon: "tropical-fish" }),
  concept("animal", "whale", "blue"),
  concept("animal", "octopus", null, { plural: "octopuses" }),
  concept("animal", "crab", null),
  concept("animal", "butterfly", null),
  concept("animal", "bee", null, { icon: "honeybee" }),
  concept("animal", "spider", null),
  concept("animal", "bird", null),
  concept("animal", "duck", null),
  concept("animal", "owl", "brown"),
  concept("animal", "penguin", null),
  concept("animal", "chick", "yellow", { icon: "baby-chick" }),

  concept("food", "apple", "red", { icon: "red-apple" }),
  concept("food", "pear", "green"),
  concept("food", "banana", "yellow"),
  concept("food", "lemon", "yellow"),
  concept("food", "tangerine", null, { synonyms: ["mandarin"] }),
  concept("food", "strawberry", "red"),
  concept("food", "pineapple", null),
  concept("food", "watermelon", null),
  concept("food", "grapes", null, { plural: "bunches of grapes", article: "a bunch of", pluralVerb: true }),
  concept("food", "carrot", "orange"),
  concept("food", "eggplant", null, { synonyms: ["aubergine"] }),
  concept("food", "mushroom", null),
  concept("food", "loaf of bread", null, { plural: "loaves of bread", icon: "bread" }),
  concept("food", "slice of pizza", null, { plural: "slices of pizza", icon: "pizza" }),
  concept("food", "hamburger", null, { synonyms: ["burger"] }),
  concept("food", "hot dog", null, { synonyms: ["hotdog"] }),
  concept("food", "box of fries", null, { plural: "boxes of fries", icon: "french-fries" }),
  concept("food", "cake", null, { icon: "birthday-cake", synonyms: ["birthday cake"] }),
  concept("food", "doughnut", null, { synonyms: ["donut"] }),
  concept("food", "ice cream", null, { plural: "ice creams", icon: "soft-ice-cream", synonyms: ["ice cream cone"] }),
  concept("food", "glass of wine", null, { plural: "glasses of wine", icon: "wine-glass" }),
  concept("food", "bottle", null, { icon: "bottle-with-popping-cork", synonyms: ["champagne bottle"] }),

  concept("vehicle", "car", null, { icon: "automobile", synonyms: ["automobile"] }),
  concept("vehicle", "bus", null, { plural: "buses" }),
  concept("vehicle", "truck", null, { icon: "delivery-truck", synonyms: ["lorry"] }),
  concept("vehicle", "bicycle", null, { synonyms: ["bike"] }),
  concept("vehicle", "motorcycle", null, { synonyms: ["motorbike"] }),
  concept("vehicle", "train", null, { icon: "locomotive", synonyms: ["locomotive", "steam train"] }),
  concept("vehicle", "airplane", null, { synonyms: ["plane"] }),
  concept("vehicle", "helicopter", null),
  concept("vehicle", "rocket", null),
  concept("vehicle", "sailboat", null, { synonyms: ["sailing boat"] }),
  concept("vehicle", "ship", null, { synonyms: ["boat"] }),

  concept("plant", "tree", "green", { icon: "deciduous-tree" }),
  concept("plant", "pine tree", "green", { icon: "evergreen-tree", synonyms: ["fir tree"] }),
  concept("plant", "palm tree", null, { synonyms: ["palm"] }),
  concept("plant", "cactus", "green", { plural: "cactuses" }),
  concept("plant", "rose", null),
  concept("plant", "sunflower", "yellow"),
  concept("plant", "flower", "pink", { icon: "cherry-blossom" }),
  concept("plant", "leaf", null, { plural: "leaves", icon: "maple-leaf", synonyms: ["maple leaf"] }),

  concept("nature", "sun", "yellow"),
  concept("nature", "moon", "yellow", { icon: "crescent-moon" }),
  concept("nature", "star", "yellow"),
  concept("nature", "cloud", "white"),
  concept("nature", "rainbow", null),
  concept("nature", "lightning bolt", "yellow", { icon: "high-voltage" }),
  concept("nature", "snowflake", "blue"),
  concept("nature", "snowman", "white", { plural: "snowmen" }),
  concept("nature", "fire", null, { synonyms: ["flame"] }),
  concept("nature", "drop", "blue", { icon: "droplet", synonyms: ["droplet", "drop of water"] }),

  concept("building", "house", null),
  concept("building", "castle", null),
  concept("building", "tent", null),

  concept("clothing", "crown", "yellow"),
  concept("clothing", "hat", null, { icon: "top-hat", synonyms: ["top hat"] }),
  concept("clothing", "shirt", null, { icon: "t-shirt", synonyms: ["t-shirt"] }),
  concept("clothing", "dress", null),
  concept("clothing", "shoe", null, { icon: "running-shoe", synonyms: ["sneaker"] }),
  concept("clothing", "sunglasses", null, { plural: "pairs of sunglasses", article: "a pair of", pluralVerb: true }),
  concept("clothing", "backpack", null),
  concept("clothing", "handbag", null, { synonyms: ["purse"] }),
  concept("clothing", "umbrella", null),

  concept("music", "guitar", null),
  concept("music", "drum", null),
  concept("music", "bell", "yellow"),

  concept("object", "soccer ball", null, { icon: "soccer-ball", synonyms: ["ball", "football"] }),
  concept("object", "basketball", "orange"),
  concept("object", "balloon", null),
  concept("object", "gift", null, { icon: "wrapped-gift", synonyms: ["present"] }),
  concept("object", "trophy", "yellow", { synonyms: ["cup"] }),
  concept("object", "heart", null, { icon: "red-heart" }),
  concept("object", "key", null),
  concept("object", "hammer", null),
  concept("object", "scissors", null, { plural: "pairs of scissors", article: "a pair of", pluralVerb: true }),
  concept("object", "spoon", null),
  concept("object", "book", null, { icon: "closed-book" }),
  concept("object", "pencil", null),
  concept("object", "light bulb", "yellow", { synonyms: ["bulb"] }),
  concept("object", "clock", null, { icon: "alarm-clock", synonyms: ["alarm clock"] }),
  concept("object", "phone", null, { icon: "mobile-phone", synonyms: ["mobile phone", "smartphone"] }),
  concept("object", "television", null, { synonyms: ["TV"] }),
  concept("object", "laptop", null),
  concept("object", "camera", null),
  concept("object", "bed", null),
  concept("object", "vase", null, { icon: "amphora" }),
  concept("object", "gem", "blue", { icon: "gem-stone", synonyms: ["diamond"] }),
  concept("object", "anchor", "blue"),
  concept("object", "traffic light", null, { icon: "vertical-traffic-light" }),
  concept("object", "stop sign", "red"),
  concept("object", "skull", null),
  concept("object", "ghost", "white"),
  concept("object", "robot", null),
  concept("object", "pumpkin", "orange", { icon: "jack-o-lantern" }),
];

const byName = new Map(CONCEPTS.map((item) => [item.name, item]));

/** The concept of that name (not a synonym), or an InputError. */
export function conceptNamed(name: string): Concept {
  const found = byName.get(name);
  if (found) return found;
  throw new InputError(`concept: expected a name in the concept table (such as "cat"), found "${name}"`);
}

/**
 * Name of the icon for a concept in a style's set, or null where the set has nothing fit. A name is no promise that the
 * set has it: ask the sprite bank.
 */
export function iconName(item: Concept, style: string): string | null {
  const exception = HELD_OUT_STYLE_ICONS[style]?.[item.name];
  if (exception !== undefined) return exception;
  return style === "fxemoji" ? item.icon.replaceAll("-", "") : item.icon;
}
