import { readFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { z } from "zod";
import { expectInput, InputError } from "../../core/errors.ts";
import { createImage, type RgbImage } from "../../core/image.ts";
import { readImage } from "../../encoders/image-file.ts";
import { resizeImage } from "../../encoders/resize.ts";
import { openRuntime } from "../../runtime/open-runtime.ts";
import type { HostTensor, Program } from "../../runtime/types.ts";
import { readJsonAs } from "../benchmarks/input-files.ts";
import { GENEVAL_COLOURS, GENEVAL_SETTINGS, type Detection } from "../benchmarks/geneval/grade.ts";
import type { Box } from "../benchmarks/geneval/geometry.ts";
import type { Judge } from "./judge.ts";

const side = z.int().min(1).max(8192);
const triple = z.tuple([z.number(), z.number(), z.number()]);
/** A network that sees pictures of one size, stretched, as float32 [1, 3, height, width]: (value/255 − mean)/std. */
const network = z.object({
  file: z.string(),
  width: side,
  height: side,
  mean: triple.default([0, 0, 0]),
  std: triple.default([1, 1, 1]),
});
/** judge.json */
const description = z.object({
  name: z.string().min(1),
  /** Whether these are the benchmark's own models. */
  official: z.boolean().default(false),
  /** By label. */
  classes: z.array(z.string()).min(1),
  detector: network,
  classifier: network.optional(),
});
type Network = z.infer<typeof network>;

/** What lies outside of an object is painted so before its colour is told: #999. */
const GREY = 0x99;

/**
 * GenEval's judge as ONNX models, in a folder with `judge.json`. The detector gives `boxes` [N, 4] (left, top, right, bottom in pixels
 * of what it sees), `scores` [N], `labels` [N] and, if it can, `masks` [N, height, width]; each may begin with a 1 for the batch. The
 * classifier sees the object's box, the rest of the picture grey where there is a mask, and, if it has an input `label`, the
 * object's class; it gives ten numbers, the largest for its colour, in the order of {@link GENEVAL_COLOURS}.
 * @throws InputError naming the file where the folder is not such a judge
 */
export async function onnxJudge(folder: string): Promise<Judge> {
  const { name, official, classes, detector, classifier } = await readJsonAs(join(folder, "judge.json"), description);
  const detect = await open(folder, detector);
  const classify = classifier && (await open(folder, classifier));
  return {
    id: `${name} (ONNX)`,
    official,
    costly: true,
    async detect({ path }, coloured) {
      const image = await readImage(path);
      const found = readDetections(await detect.run(image), image, detector, classes);
      const detections: Detection[] = [];
      for (const { mask, ...detection } of found) {
        // What is less sure counts for no prompt.
        const matters = coloured.has(detection.class) && detection.score > GENEVAL_SETTINGS.threshold;
        if (!matters || !classify) detections.push(detection);
        else {
          const { box, class: label } = detection;
          const outputs = await classify.run(cutOut(image, box, mask), classes.indexOf(label));
          detections.push({ ...detection, color: colourOf(outputs, join(folder, classifier.file)) });
        }
      }
      return detections;
    },
    dispose() {
      detect.dispose();
      classify?.dispose();
    },
  };
}

interface Opened {
  run(image: RgbImage, label?: number): Promise<Readonly<Record<string, HostTensor>>>;
  dispose(): void;
}

async function open(folder: string, spec: Network): Promise<Opened> {
  const path = resolve(folder, spec.file);
  expectInput(
    path.startsWith(resolve(folder) + sep),
    `${join(folder, "judge.json")}: expected files of its folder, found ${spec.file}`,
  );
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`${path}: ${error.code === "ENOENT" ? "no such file" : `cannot be read (${error.code})`}`);
  });
  const runtime = await openRuntime();
  const program = await runtime.load(bytes, { weightsFolder: folder }).catch((error: unknown) => {
    throw new InputError(`${path}: ONNX Runtime does not take it: ${(error as Error).message.split("\n", 1)[0]}`);
  });
  const input = program.inputNames.find((name) => name !== "label");
  expectInput(
    input !== undefined,
    `${path}: expected an input for the picture, found ${program.inputNames.join(", ")}`,
  );
  return {
    run: (image, label) => program.run({ [input]: toTensor(image, spec), ...labelFeed(program, label) }),
    dispose: () => program.dispose(),
  };
}

function labelFeed({ inputNames }: Program, label: number | undefined): Record<string, HostTensor> {
  if (label === undefined || !inputNames.includes("label")) return {};
  return { label: { type: "int64", shape: [1], data: BigInt64Array.of(BigInt(label)) } };
}

function toTensor(image: RgbImage, { width, height, mean, std }: Network): HostTensor {
  const { data } = resizeImage(image, width, height, "bilinear");
  const pixels = width * height;
  const planes = new Float32Array(3 * pixels);
  for (let i = 0; i < planes.length; i++) {
    const channel = Math.floor(i / pixels);
    planes[i] = (data[3 * (i % pixels) + channel]! / 255 - mean[channel]!) / std[channel]!;
  }
  return { type: "float32", shape: [1, 3, height, width], data: planes };
}

/** Whether a pixel of the picture belongs to the object. */
type Mask = (x: number, y: number) => boolean;

/** In pixels of the picture. */
function readDetections(
  outputs: Readonly<Record<string, HostTensor>>,
  image: RgbImage,
  { file, width, height }: Network,
  classes: readonly string[],
): (Detection & { readonly mask?: Mask })[] {
  const numbers = (name: string): number[] => {
    const tensor = outputs[name];
    expectInput(
      tensor !== undefined,
      `${file}: expected an output "${name}", found ${Object.keys(outputs).join(", ")}`,
    );
    return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
  };
  const [boxes, scores, labels] = [numbers("boxes"), numbers("scores"), numbers("labels")];
  expectInput(
    boxes.length === 4 * scores.length && labels.length === scores.length,
    `${file}: expected as many boxes and labels as scores, found ${boxes.length / 4}, ${labels.length} and ${scores.length}`,
  );
  const masks = outputs["masks"];
  expectInput(
    masks === undefined || masks.data.length === scores.length * width * height,
    `${file}: expected masks of ${height}×${width}, found ${masks?.shape.join("×")}`,
  );
  const [scaleX, scaleY] = [image.width / width, image.height / height];
  return scores.map((score, i) => {
    const name = classes[labels[i]!];
    expectInput(name !== undefined, `${file}: expected labels below ${classes.length}, found ${labels[i]}`);
    const [left, top, right, bottom] = boxes.slice(4 * i, 4 * i + 4) as [number, number, number, number];
    const box: Box = [left * scaleX, top * scaleY, right * scaleX, bottom * scaleY];
    const mask: Mask = (x, y) =>
      Number(masks!.data[(i * height + Math.floor(y / scaleY)) * width + Math.floor(x / scaleX)]) > 0.5;
    return { class: name, box, score, ...(masks && { mask }) };
  });
}

/** The part of the picture within the box, at least one pixel of it. */
function cutOut(image: RgbImage, [x0, y0, x1, y1]: Box, mask: Mask | undefined): RgbImage {
  const clamp = (value: number, most: number) => Math.min(Math.max(Math.floor(value), 0), most);
  const [left, top] = [clamp(x0, image.width - 1), clamp(y0, image.height - 1)];
  const [right, bottom] = [clamp(Math.ceil(x1), image.width), clamp(Math.ceil(y1), image.height)];
  const out = createImage(Math.max(1, right - left), Math.max(1, bottom - top));
  for (let y = 0; y < out.height; y++)
    for (let x = 0; x < out.width; x++)
      for (let channel = 0; channel < 3; channel++) {
        const isObject = mask === undefined || mask(left + x, top + y);
        const from = 3 * ((top + y) * image.width + left + x) + channel;
        out.data[3 * (y * out.width + x) + channel] = isObject ? image.data[from]! : GREY;
      }
  return out;
}

function colourOf(outputs: Readonly<Record<string, HostTensor>>, file: string): string {
  const [logits] = Object.values(outputs);
  expectInput(
    logits?.data.length === GENEVAL_COLOURS.length,
    `${file}: expected ${GENEVAL_COLOURS.length} numbers, one a colour, found ${logits?.shape.join("×")}`,
  );
  const values = Array.from(logits.data as ArrayLike<number>);
  return GENEVAL_COLOURS[values.indexOf(Math.max(...values))]!;
}
