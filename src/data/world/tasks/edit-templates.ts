import type { Operation } from "./edit-steps.ts";

/** Wordings of an edit: verb phrases that wrappers make into sentences, and terse ones that stand alone. */
interface EditTemplates {
  readonly phrases: readonly string[];
  readonly terse: readonly string[];
  /** What the model says before the new picture; null where it tells all that the picture shows. */
  readonly answer: string | null;
}

/**
 * {ref} is "it", "them" or "the apple"; {the} "the apple"; {subject} "it", "they" or "the apple"; {hue} "the colour" or,
 * where there are several things, "the colour of the apple".
 */
export const EDIT_TEMPLATES: Readonly<Record<Operation, EditTemplates>> = {
  recolour: {
    phrases: [
      "make {ref} {colour}",
      "make {ref} {colour}",
      "make {ref} {colour}",
      "turn {ref} {colour}",
      "paint {ref} {colour}",
      "colour {ref} {colour}",
      "color {ref} {colour}",
      "recolour {ref} {colour}",
      "make {ref} {colour} instead",
      "change {ref} to {colour}",
      "change the colour of {the} to {colour}",
      "change {hue} to {colour}",
      "switch {hue} to {colour}",
      "set {hue} to {colour}",
      "give {ref} a {colour} colour",
      "draw {ref} in {colour}",
      "show {ref} in {colour}",
    ],
    terse: ["{colour} instead", "now in {colour}", "the same in {colour}", "{the} in {colour}", "in {colour}, please"],
    answer: "Now {subject} {is} {colour}.",
  },
  replace: {
    phrases: [
      "replace {the} with {y}",
      "turn {ref} into {y}",
      "change {ref} into {y}",
      "change {the} to {y}",
      "swap {the} for {y}",
      "exchange {the} for {y}",
      "put {y} in place of {the}",
      "draw {y} instead of {the}",
      "use {y} instead of {the}",
      "substitute {y} for {the}",
    ],
    terse: ["{y} instead of {the}", "not {the} but {y}", "{y} in place of {the}"],
    answer: null,
  },
  add: {
    phrases: [
      "add {y}",
      "add {y} {rel} {ref}",
      "put {y} {rel} {ref}",
      "draw {y} {rel} {ref}",
      "place {y} {rel} {ref}",
      "add {y} {rel} {the}",
      "put {y} {rel} {the}",
      "draw {y} {rel} {the}",
      "insert {y} {rel} {the}",
      "paint {y} {rel} {the}",
    ],
    terse: ["{y} {rel} {ref} too", "and {y} {rel} {ref}", "with {y} {rel} {ref}"],
    answer: null,
  },
  "add-one": {
    phrases: [
      "add one more",
      "add another {unit}",
      "add one more {unit}",
      "draw another one",
      "put one more {unit} there",
    ],
    terse: ["one more", "one more {unit}", "another one"],
    answer: null,
  },
  remove: {
    phrases: [
      "remove {the}",
      "delete {the}",
      "erase {the}",
      "take away {the}",
      "take {the} away",
      "take {the} out",
      "get rid of {the}",
      "leave out {the}",
      "drop {the}",
      "remove {the} from the picture",
    ],
    terse: ["without {the}", "no more {the}", "the same without {the}"],
    answer: null,
  },
  "remove-one": {
    phrases: ["remove one", "remove one of them", "take one away", "delete one {unit}", "erase one {unit}"],
    terse: ["one less", "one fewer"],
    answer: null,
  },
  move: {
    phrases: [
      "move {ref} to the {side}",
      "move {ref} to the {side}",
      "put {ref} {at}",
      "place {ref} {at}",
      "shift {ref} to the {side}",
      "slide {ref} to the {side}",
      "draw {ref} {at}",
      "bring {ref} to the {side}",
    ],
    terse: ["to the {side}", "{the} {at}", "the same {at}"],
    answer: null,
  },
  swap: {
    phrases: [
      "swap {a} and {b}",
      "swap the two",
      "exchange {a} and {b}",
      "let {a} and {b} change places",
      "put {a} {rel} {b}",
      "move {a} so that it is {rel} {b}",
      "switch {a} and {b}",
    ],
    terse: ["the other way round", "{a} {rel} {b}"],
    answer: null,
  },
  resize: {
    phrases: ["make {ref} {change}", "draw {ref} {change}", "make {the} {change}", "make {ref} a bit {change}"],
    terse: ["{change}", "{change}, please", "the same but {change}"],
    answer: "Now {subject} {is} {change}.",
  },
  rotate: {
    phrases: ["turn {ref} {turn}", "rotate {ref} {turn}", "give {ref} {turn}", "draw {ref} {turn}"],
    terse: ["the same {turn}", "{the} {turn}"],
    answer: "Now I have turned {ref}.",
  },
  background: {
    phrases: [
      "change the background to {background}",
      "make the background {background}",
      "put {ref} on {a} background",
      "give {ref} {a} background",
      "set the background to {background}",
      "turn the background {background}",
      "paint the background {background}",
      "use {a} background",
      "draw {ref} on {a} background",
      "place {ref} on {a} background",
    ],
    terse: ["{background} background", "on {a} background", "the same on {a} background", "with {a} background"],
    answer: "Now the background is {background}.",
  },
  style: {
    phrases: [
      "draw {ref} in {style} style",
      "redraw {ref} in {style} style",
      "change the style to {style}",
      "show {ref} in {style} style",
      "use {style} style",
      "repaint {ref} in {style} style",
      "turn this into {style} style",
      "make the style {style}",
    ],
    terse: ["in {style} style", "{style} style", "the same in {style} style", "now in {style} style"],
    answer: "Now in {style} style.",
  },
};

/** Sentences around a verb phrase {i}. */
export const EDIT_SENTENCES = [
  "{I}.",
  "{I}.",
  "{I}.",
  "Please {i}.",
  "{I}, please.",
  "Now {i}.",
  "Then {i}.",
  "Can you {i}?",
  "Could you {i}?",
  "Could you please {i}?",
  "And now {i}.",
  "I want you to {i}.",
  "Would you {i}?",
  "Next, {i}.",
  "OK, now {i}.",
  "{I} for me.",
] as const;
