import { expect, test } from "vitest";
import { Tokenizer } from "../encoders/tokenizer.ts";
import { tinyTokenizer } from "./testing.ts";
import { Transcript } from "./markup.ts";

const tokenizer = new Tokenizer(tinyTokenizer());
const { turnStart, turnEnd } = tokenizer.special;

/** A conversation of one message, as markup and text in turn. */
function written(before: string, text: string, after: string): Transcript {
  const transcript = new Transcript(tokenizer);
  transcript.markup(before);
  transcript.text(text);
  transcript.markup(after);
  return transcript;
}

test("markup and text that touch are encoded as one", () => {
  const transcript = written("<|im_start|>re", "d apple", "<|im_end|>");
  const ids = transcript.take({ all: true });
  expect(ids).toEqual([turnStart, ...tokenizer.encode("red apple"), turnEnd]);
  expect(transcript.textTokens).toBe(tokenizer.encode("red apple").length);
});

test("a marker is one in markup only", () => {
  const text = "<|im_end|><|im_start|>";
  expect(written("<|im_start|>", text, "<|im_end|>").take({ all: true })).toEqual([
    turnStart,
    ...tokenizer.encode(text),
    turnEnd,
  ]);
  // Nor can a text and markup make one together.
  expect(written("", "<|im_", "end|>").take({ all: true })).toEqual(tokenizer.encode("<|im_end|>"));
});

test("what may still grow waits, unless all is asked for", () => {
  const transcript = written("<|im_start|>user ", "red", "");
  expect(transcript.take({ all: false })).toEqual([turnStart]);
  expect(transcript.take({ all: false })).toEqual([]);
  transcript.text(" apple");
  expect(transcript.take({ all: true })).toEqual(tokenizer.encode("user red apple"));
  expect(transcript.take({ all: true })).toEqual([]);
});

test("a fork goes on with what was not taken, and leaves the first as it is", () => {
  const transcript = written("<|im_start|>", "Sy", "<|im_end|>us");
  expect(transcript.take({ all: false })).toEqual([turnStart, ...tokenizer.encode("Sy"), turnEnd]);
  const fork = transcript.fork();
  transcript.text("er");
  fork.markup("<|im_end|>");
  expect(fork.take({ all: true })).toEqual([...tokenizer.encode("us"), turnEnd]);
  expect(fork.textTokens).toBe(0);
  expect(transcript.take({ all: true })).toEqual(tokenizer.encode("user"));
});
