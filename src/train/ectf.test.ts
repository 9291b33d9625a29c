import { expect, test } from "vitest";
import type { SequencePart } from "../model/sequence.ts";
import { image, lossAndGradient, text, tinyFeeds, tinyModel } from "./testing.ts";

const roomy = { text: 64, visual: 64 };
const model = tinyModel();

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  const scale = Math.max(...expected.map(Math.abs));
  const worst = Math.max(...actual.map((a, i) => Math.abs(a - expected[i]!)));
  expect(worst / scale).toBeLessThan(1e-9);
}

/** The story: text, image, text, image, text, image, text; two of its images drawn twice over. */
const story: SequencePart[] = [
  text(1, 2, 3),
  image(0, { copies: 0 }),
  text(4),
  image(1, { copies: 2 }),
  text(5, 6),
  image(2),
  text(7, 8),
];

test("one ECTF pass equals one truncated copy per image plus one for the text", () => {
  const whole = lossAndGradient(model, tinyFeeds([story], roomy));
  const silent = (parts: readonly SequencePart[]): SequencePart[] =>
    parts.map((part) => (part.type === "text" ? { ...part, loss: false } : { ...part, copies: 0 }));
  // The image to be drawn stands at the end, and its clean tokens are gone.
  const copyFor = (at: number): SequencePart[] => [
    ...silent(story.slice(0, at)),
    { ...(story[at] as Extract<SequencePart, { type: "image" }>), vit: false, vae: false },
  ];
  const textOnly = story.map((part) => (part.type === "text" ? part : { ...part, copies: 0 }));
  const parts = [textOnly, copyFor(3), copyFor(5)].map((parts) => lossAndGradient(model, tinyFeeds([parts], roomy)));
  expectClose([whole.text], [parts[0]!.text]);
  expectClose([whole.flow], [parts[1]!.flow + parts[2]!.flow]);
  expectClose(
    whole.gradient,
    whole.gradient.map((_, i) => parts.reduce((sum, { gradient }) => sum + gradient[i]!, 0)),
  );
});

test("packed samples train exactly as separate ones", () => {
  const samples = [story, [text(9, 10), image(3)], [text(11, 12, 13)], [image(4, { copies: 0 }), text(14, 15)]];
  const packed = lossAndGradient(model, tinyFeeds(samples, { text: 40, visual: 40 }));
  const spread = lossAndGradient(model, tinyFeeds(samples, { text: 1, visual: 1 }));
  const alone = samples.map((sample) => lossAndGradient(model, tinyFeeds([sample], roomy)));
  const sum = (pick: (result: (typeof alone)[number]) => number) =>
    alone.reduce((total, result) => total + pick(result), 0);
  expectClose([packed.text, packed.flow], [sum((r) => r.text), sum((r) => r.flow)]);
  expectClose(
    packed.gradient,
    packed.gradient.map((_, i) => sum((r) => r.gradient[i]!)),
  );
  expectClose(spread.gradient, packed.gradient);
});
