/** Wordings of questions. {x} is "a red apple", {xs} "apples", {the} "the apple", {is} its verb. */

export const EXISTS = [
  "Is there {x}?",
  "Is there {x} in the picture?",
  "Is there {x} in the image?",
  "Do you see {x}?",
  "Can you see {x}?",
  "Can you see {x} here?",
  "Does the picture show {x}?",
  "Does this image contain {x}?",
  "Is {x} shown here?",
  "Is {x} in the picture?",
  "Does the image have {x} in it?",
  "Could there be {x} in the picture?",
  "Is there {x} in the image? Answer yes or no.",
  "Is there {x} in this image? Please answer yes or no.",
  "I am looking for {x}. Is it here?",
  "Any chance that there is {x}?",
] as const;

export const COUNT = [
  "How many {xs} are there?",
  "How many {xs} are in the picture?",
  "How many {xs} are in the image?",
  "How many {xs} can you see?",
  "How many {xs} do you see?",
  "How many {xs}?",
  "Count the {xs}.",
  "Please count the {xs}.",
  "What is the number of {xs}?",
  "Tell me how many {xs} there are.",
  "Can you count the {xs}?",
  "Number of {xs}?",
  "How many {xs} does the picture show?",
  "How many {xs} are shown?",
  "{Xs}: how many?",
] as const;

export const COUNT_CHECK = [
  "Are there {n} {xs}?",
  "Are there {n} {xs} in the picture?",
  "Are there {n} {xs} in the image? Please answer yes or no.",
  "Do you see {n} {xs}?",
  "Does the picture show {n} {xs}?",
  "Can you see {n} {xs} here?",
  "Is it true that there are {n} {xs}?",
  "{n} {xs}, right?",
] as const;

export const MORE = [
  "Are there more {xs} than {ys}?",
  "Are there more {xs} or more {ys}?",
  "Which are there more of, {xs} or {ys}?",
  "More {xs} than {ys}?",
  "Do you see more {xs} than {ys}?",
  "What is there more of, {xs} or {ys}?",
] as const;

export const COLOUR = [
  "What colour {is} {the}?",
  "What color {is} {the}?",
  "Which colour {is} {the}?",
  "Which color does {the} have?",
  "What is the colour of {the}?",
  "What is the color of {the}?",
  "Tell me the colour of {the}.",
  "Name the colour of {the}.",
  "Colour of {the}?",
  "What colour has {the}?",
  "In which colour {is} {the} drawn?",
  "Can you tell me what colour {the} {is}?",
  "What colour do you see on {the}?",
  "Say the color of {the}.",
  "{The}: what colour?",
] as const;

export const COLOUR_CHECK = [
  "{Is} {the} {colour}?",
  "{Is} {the} in the picture {colour}?",
  "{Is} {the} {colour} or {other}?",
  "{Is} {the} {other} or {colour}?",
  "Would you say that {the} {is} {colour}?",
  "{Is} {the} {colour}? Please answer yes or no.",
  "Do you agree that {the} {is} {colour}?",
  "{The} {is} {colour}, right?",
] as const;

export const BACKGROUND = [
  "What colour is the background?",
  "What color is the background?",
  "What is the background?",
  "Which background does the picture have?",
  "What is behind the objects?",
  "Name the background.",
  "Which colour has the background?",
  "Background colour?",
  "What kind of background is it?",
  "Describe the background.",
] as const;

/** {rel} is a preposition: "to the left of". */
export const POSITION_CHECK = [
  "{Is} {the} {rel} {other}?",
  "{Is} {the} {rel} {other} in the picture?",
  "Can you see {the} {rel} {other}?",
  "{Is} {the} {rel} {other}? Please answer yes or no.",
  "Is it true that {the} {is} {rel} {other}?",
  "{The} {is} {rel} {other}, right?",
  "Do you see {the} {rel} {other}?",
  "Would you say {the} {is} {rel} {other}?",
] as const;

export const POSITION_WHAT = [
  "What is {rel} {other}?",
  "What do you see {rel} {other}?",
  "Which object is {rel} {other}?",
  "Name the object {rel} {other}.",
  "What can you find {rel} {other}?",
  "Tell me what is {rel} {other}.",
  "{Rel} {other}: what is there?",
  "Which thing stands {rel} {other}?",
] as const;

export const POSITION_WHERE = [
  "Where {is} {the}?",
  "Where {is} {the} in the picture?",
  "Where do you see {the}?",
  "On which side {is} {the}?",
  "In which part of the picture {is} {the}?",
  "Tell me where {the} {is}.",
  "Where can I find {the}?",
  "Location of {the}?",
] as const;

export const POSITION_EITHER = [
  "{Is} {the} {first} or {second} {other}?",
  "Tell me: {is} {the} {first} or {second} {other}?",
  "{The}: {first} or {second} {other}?",
  "Would you say {the} {is} {first} or {second} {other}?",
] as const;

export const STYLE = [
  "Which style is this?",
  "What style is this?",
  "In which style is it drawn?",
  "What is the style of the picture?",
  "Name the style.",
  "Which emoji style is it?",
  "What is the drawing style?",
  "Tell me the style of this picture.",
  "Style?",
  "Who drew this, which style?",
] as const;

export const STYLE_CHECK = [
  "Is this {style} style?",
  "Is it drawn in {style} style?",
  "Is the picture in {style} style?",
  "Does this look like {style} style?",
  "Is this picture from {style}?",
  "Would you say this is {style}?",
] as const;

export const CHOICE = [
  "What is this?",
  "Which object is in the picture?",
  "What does the picture show?",
  "Which of these do you see?",
  "What is shown here?",
  "Which one is in the image?",
  "Choose what you see.",
  "Pick the right answer: what is it?",
] as const;
