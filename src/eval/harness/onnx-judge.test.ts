import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { solid } from "../../../tests/support/fake-mogao.ts";
import { scratchFolder } from "../../../tests/support/scratch-folder.ts";
import { writePng } from "../../data/png.ts";
import { onnxElementType } from "../../onnx/model-proto.ts";
import { constant, float, int64, model, node, value } from "../../runtime/testing.ts";
import { onnxJudge } from "./onnx-judge.ts";

const scratch = scratchFolder();
const SIDE = 8;
const axes = constant("axes", int64([2], 2, 3), onnxElementType.int64);

/** Always the same three boxes; their scores are the picture's mean red, green and blue. The first's mask is its left half. */
const detector = model({
  nodes: [
    node("ReduceMean", ["image", "axes"], ["means"]),
    node("Reshape", ["means", "three"], ["scores"]),
    node("Identity", ["places"], ["boxes"]),
    node("Identity", ["kinds"], ["labels"]),
    node("Identity", ["shapes"], ["masks"]),
  ],
  initializers: [
    axes,
    constant("three", int64([1], 3), onnxElementType.int64),
    constant("places", float([3, 4], 0, 0, 8, 8, 4, 0, 8, 4, 0, 4, 4, 8), onnxElementType.float),
    constant("kinds", int64([3], 1, 0, 1), onnxElementType.int64),
    constant(
      "shapes",
      float(
        [3, SIDE, SIDE],
        ...Array.from({ length: 3 * SIDE * SIDE }, (_, i) => Number(i >= SIDE * SIDE || i % SIDE < 4)),
      ),
      onnxElementType.float,
    ),
  ],
  inputs: [value("image", [1, 3, SIDE, SIDE])],
  outputs: [
    value("boxes", [3, 4]),
    value("scores", [3]),
    value("labels", [3], onnxElementType.int64),
    value("masks", [3, SIDE, SIDE]),
  ],
});
/** Red (1st colour), green (4th) or blue (5th), by the mean of what it sees. */
const classifier = model({
  nodes: [
    node("ReduceMean", ["image", "axes"], ["means"], { keepdims: { kind: "int", value: 0 } }),
    node("MatMul", ["means", "colours"], ["logits"]),
  ],
  initializers: [
    axes,
    constant(
      "colours",
      float([3, 10], ...[0, 3, 4].flatMap((own) => Array.from({ length: 10 }, (_, i) => Number(i === own)))),
      onnxElementType.float,
    ),
  ],
  inputs: [value("image", [1, 3, 4, 4])],
  outputs: [value("logits", [1, 10])],
});
const description = {
  name: "toy",
  classes: ["cat", "dog"],
  detector: { file: "detector.onnx", width: SIDE, height: SIDE },
  classifier: { file: "classifier.onnx", width: 4, height: 4 },
};

async function judgeOf(more: object = {}, files: Readonly<Record<string, Uint8Array>> = {}) {
  const folder = await scratch({ "judge.json": JSON.stringify({ ...description, ...more }) });
  for (const [name, bytes] of Object.entries({ "detector.onnx": detector, "classifier.onnx": classifier, ...files }))
    await writeFile(join(folder, name), bytes);
  const path = join(folder, "picture.png");
  const image = solid(16, 16, [204, 102, 0]);
  // The right half is blue.
  for (let y = 0; y < 16; y++) for (let x = 8; x < 16; x++) image.data.set([0, 0, 100], 3 * (16 * y + x));
  await writePng(path, image);
  return { judge: await onnxJudge(folder), picture: { path, sha256: "" }, folder };
}

test("detects objects in pixels of the picture, and tells the colours that matter, of what lies within their masks", async () => {
  const { judge, picture } = await judgeOf();
  expect({ id: judge.id, official: judge.official }).toEqual({ id: "toy (ONNX)", official: false });
  const found = await judge.detect!(picture, new Set(["dog"]));
  expect(found).toHaveLength(3);
  // Its left half is orange, nearer to red than to the others; the grey of the rest changes nothing.
  expect(found![0]).toEqual({
    class: "dog",
    box: [0, 0, 16, 16],
    score: expect.closeTo(0.4, 2) as number,
    color: "red",
  });
  // A cat's colour does not matter, and the last dog is not sure enough.
  expect(found![1]).toEqual({ class: "cat", box: [8, 0, 16, 8], score: expect.closeTo(0.2, 2) as number });
  expect(found![2]).toEqual({ class: "dog", box: [0, 8, 8, 16], score: expect.closeTo(0.2, 2) as number });
  judge.dispose!();
});

test("says what is wrong with a judge", async () => {
  await expect(judgeOf({ classes: undefined })).rejects.toThrow(/judge\.json: classes/);
  await expect(judgeOf({ detector: { ...description.detector, file: "../x.onnx" } })).rejects.toThrow(
    "expected files of its folder, found ../x.onnx",
  );
  await expect(judgeOf({ detector: { ...description.detector, file: "none.onnx" } })).rejects.toThrow(
    "none.onnx: no such file",
  );
  await expect(judgeOf({}, { "detector.onnx": Uint8Array.of(1, 2, 3) })).rejects.toThrow(
    "detector.onnx: ONNX Runtime does not take it",
  );
  const few = await judgeOf({ classes: ["cat"] });
  await expect(few.judge.detect!(few.picture, new Set())).rejects.toThrow("expected labels below 1, found 1");
  const swapped = await judgeOf({ detector: { ...description.classifier } });
  await expect(swapped.judge.detect!(swapped.picture, new Set())).rejects.toThrow(
    'expected an output "boxes", found logits',
  );
});
