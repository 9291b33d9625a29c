import { expect, test } from "vitest";
import { Philox } from "../core/random.ts";
import type { Sample } from "../data/sample.ts";
import { prepareSample } from "./mogao-samples.ts";

const special = { turnStart: 1, turnEnd: 2, visionStart: 3, visionEnd: 4 } as never;
const image = { width: 32, height: 32, data: new Uint8Array(3 * 32 * 32) };
const options = {
  copies: 2,
  drop: { all: 0, text: 0, vit: 0, vae: 0 },
  closeLastImage: 1,
  context: { vit: true, vae: true },
  withFlow: true,
};
const prepare = (items: Sample["items"], more: { targets?: "all" | "last" } = {}) =>
  prepareSample({ kind: "test", items } as Sample, () => [7], special, new Philox(1), { ...options, ...more }).sequence;
const counts = ({ visual }: ReturnType<typeof prepare>) =>
  Object.fromEntries(
    [0, 1].map((i) => [
      i,
      ["clean", "noisy"].map((kind) => visual.filter((r) => r.image === i && r.kind === kind).length),
    ]),
  );

test("an image that is only talked about has no visual tokens, as nothing would read them", () => {
  const { text, visual } = prepare([
    { type: "image", image, loss: false },
    { type: "text", text: "what", loss: false },
    { type: "text", text: "cat", loss: true },
  ] as Sample["items"]);
  expect(visual).toEqual([]);
  expect(text.filter(({ kind }) => kind === "vit")).toHaveLength(4);
});

test("clean tokens are kept for the images that a drawn one follows", () => {
  const edit = prepare([
    { type: "image", image, loss: false },
    { type: "text", text: "make it red", loss: false },
    { type: "image", image, loss: true },
    { type: "text", text: "done", loss: true },
  ] as Sample["items"]);
  expect(counts(edit)).toEqual({ 0: [4, 0], 1: [0, 8] });
});

test("all drawn images of a sample are learnt at once, or the last one with the others as its context", () => {
  const story = [
    { type: "text", text: "a story", loss: false },
    { type: "image", image, loss: true },
    { type: "text", text: "then", loss: true },
    { type: "image", image, loss: true },
  ] as Sample["items"];
  expect(counts(prepare(story))).toEqual({ 0: [4, 8], 1: [0, 8] });
  expect(counts(prepare(story, { targets: "last" }))).toEqual({ 0: [4, 0], 1: [0, 8] });
  const [all, last] = [prepare(story), prepare(story, { targets: "last" })];
  expect(last.text).toEqual(all.text);
});
