import type { RgbImage } from "../../../core/image.ts";
import type { Rgb } from "../../../data/world/colours.ts";
import { symbol } from "../../../graph/dims.ts";
import { input, softmax } from "../../../graph/primitives.ts";
import type { ParameterValues } from "../../../nn/parameters.ts";
import { compileModel } from "../../../onnx/emit.ts";
import type { HostTensor, Program, Runtime } from "../../../runtime/types.ts";
import { fingerprint } from "../../results-folder.ts";
import type { Component } from "../components.ts";
import type { Detection, Match, WorldJudge } from "../judge.ts";
import { detectThings } from "../things.ts";
import { CropClassifier, type CropClassifierConfig } from "./crop-classifier.ts";
import { defaultJudgeFolder, loadClassifier } from "./classifier-files.ts";
import { cropOf } from "./crop.ts";

/** Of the rules around the network; changes whenever they may judge the same picture otherwise. */
const VERSION = 1;

/** Every drawing of the table reaches it; of blobs that reach one half, most do not (docs/decisions/world-and-people.md). */
const LEAST_PROBABILITY = 0.7;

/** Names the things in a picture of Emoji World by a small network that looks at each connected component. */
export class TrainedJudge implements WorldJudge {
  readonly id: string;
  readonly description: string;
  readonly leastScore = LEAST_PROBABILITY;
  readonly #config: CropClassifierConfig;
  readonly #program: Program;
  readonly #weights: Readonly<Record<string, HostTensor>>;

  /** Throws InputError where the folder holds no classifier. */
  static async open(runtime: Runtime, folder = defaultJudgeFolder): Promise<TrainedJudge> {
    const { config, weights } = await loadClassifier(folder);
    return TrainedJudge.of(runtime, config, weights, await fingerprint(folder));
  }

  /** `name` stands for the weights. */
  static async of(
    runtime: Runtime,
    config: CropClassifierConfig,
    weights: ParameterValues,
    name: string,
  ): Promise<TrainedJudge> {
    const classifier = new CropClassifier(config);
    const { concept, style } = classifier.forward(input("crops", classifier.cropsShape(symbol("n"))));
    const { bytes } = compileModel({ concept: softmax(concept), style }, { name: "world-judge" });
    return new TrainedJudge(classifier, await runtime.load(bytes), weights, name);
  }

  private constructor(classifier: CropClassifier, program: Program, weights: ParameterValues, name: string) {
    this.id = `trained-${VERSION}-${name}`;
    this.description = `network ${name}, rules ${VERSION}, over connected components; GenEval's rules`;
    this.#config = classifier.config;
    this.#program = program;
    this.#weights = Object.fromEntries(
      classifier.parameters.map((info) => [
        info.name,
        { type: "float32", shape: info.shape, data: weights.get(info.name)! } satisfies HostTensor,
      ]),
    );
  }

  async detect(image: RgbImage): Promise<Detection[]> {
    return detectThings(image, (components, background) => this.#recognise(image, components, background));
  }

  dispose(): void {
    this.#program.dispose();
  }

  /** The likeliest concept of each component with its probability, however likely it is that it shows none. */
  async #recognise(image: RgbImage, components: readonly Component[], background: Rgb): Promise<Match[]> {
    if (components.length === 0) return [];
    const { side, concepts, styles } = this.#config;
    const crops = components.map((component) => cropOf(image, background, component, side));
    const probabilities = await this.classify(crops);
    return probabilities.map(({ concept, style }) => {
      const best = largest(concept.subarray(0, concepts.length));
      return { concept: concepts[best]!, style: styles[largest(style)]!, score: concept[best]! };
    });
  }

  /** Of each crop the probabilities of all concepts and, last, of none of them; and the logits of all styles. */
  async classify(crops: readonly Float32Array[]): Promise<{ concept: Float32Array; style: Float32Array }[]> {
    const size = crops[0]!.length;
    const { side } = this.#config;
    const data = new Float32Array(size * crops.length);
    crops.forEach((crop, i) => data.set(crop, i * size));
    const shape = [crops.length, size / (side * side), side, side];
    const outputs = await this.#program.run({ ...this.#weights, crops: { type: "float32", shape, data } });
    const rows = (name: string) => {
      const all = outputs[name]!.data as Float32Array;
      const length = all.length / crops.length;
      return crops.map((_, i) => all.subarray(i * length, (i + 1) * length));
    };
    const style = rows("style");
    return rows("concept").map((concept, i) => ({ concept, style: style[i]! }));
  }
}

/** Index of the largest value. */
function largest(values: Float32Array): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}
