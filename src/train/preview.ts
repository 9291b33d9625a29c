/**
 * Pictures from prompts in the middle of training: the training graph itself, run step by step without caches. Slow and
 * simple; the generator proper is src/generate/.
 */
import { Philox } from "../core/random.ts";
import { compileModel } from "../onnx/emit.ts";
import { conversationParts, imagesOnly, type SpecialTokens } from "../model/conversation.ts";
import { samplingTimes } from "../model/flow.ts";
import type { Mogao } from "../model/mogao.ts";
import { buildSequence, type SequencePart } from "../model/sequence.ts";
import { velocityGraph } from "../model/training-graph.ts";
import { ParameterScope, type ParameterValues } from "../nn/parameters.ts";
import type { HostTensor, Program, Runtime } from "../runtime/types.ts";
import { packedFeeds, packRows } from "./packing.ts";

export interface PreviewOptions {
  readonly prompts: readonly (readonly number[])[];
  /** Token grid of the pictures. */
  readonly rows: number;
  readonly columns: number;
  readonly steps: number;
  readonly shift: number;
  /** γ of Eq. 10. */
  readonly guidance: number;
  readonly seed: number;
  readonly special: SpecialTokens;
}

/** Draws one picture for each prompt: packed latent tokens [prompts, rows·columns, latentSize]. */
export class Preview {
  readonly #program: Program;
  readonly #model: Mogao;
  readonly #names: readonly string[];
  readonly #shapes: ReadonlyMap<string, readonly number[]>;

  private constructor(program: Program, model: Mogao, scope: ParameterScope, names: readonly string[]) {
    this.#program = program;
    this.#model = model;
    this.#names = names;
    this.#shapes = new Map(scope.all.map(({ name, shape }) => [name, shape]));
  }

  static async open(runtime: Runtime, model: Mogao, scope: ParameterScope): Promise<Preview> {
    const compiled = compileModel({ velocity: velocityGraph(model) });
    const names = compiled.inputs.filter(({ role }) => role === "parameter").map(({ name }) => name);
    return new Preview(await runtime.load(compiled.bytes), model, scope, names);
  }

  async draw(weights: ParameterValues, options: PreviewOptions): Promise<Float32Array> {
    const { prompts, rows, columns, special } = options;
    const size = this.#model.config.latentSize;
    const picture = rows * columns * size;
    const conditional = prompts.map((ids) =>
      conversationParts(
        [
          { type: "text", ids, loss: false },
          { type: "image", image: 0, rows, columns, loss: true },
        ],
        special,
        { copies: 1, context: { vit: false, vae: false }, closeLastImage: false },
      ),
    );
    const x = new Philox(options.seed).fillNormal(new Float32Array(prompts.length * picture));
    const times = samplingTimes(options.steps, options.shift);
    const guided = options.guidance !== 1;
    const all = guided ? [...conditional, ...conditional.map((parts) => imagesOnly(parts, special))] : conditional;
    for (let step = 0; step < options.steps; step++) {
      const velocity = await this.#velocity(weights, all, x, prompts.length, times[step]!);
      const delta = times[step + 1]! - times[step]!;
      for (let i = 0; i < x.length; i++) {
        const conditioned = velocity[i]!;
        const free = guided ? velocity[x.length + i]! : conditioned;
        x[i]! += delta * (free + options.guidance * (conditioned - free));
      }
    }
    return x;
  }

  /** Velocities of each sequence's picture; sequence i draws picture i modulo the number of pictures. */
  async #velocity(
    weights: ParameterValues,
    sequences: readonly (readonly SequencePart[])[],
    x: Float32Array,
    pictures: number,
    t: number,
  ): Promise<Float32Array> {
    const size = this.#model.config.latentSize;
    const picture = x.length / pictures;
    const latents = (sample: number) => {
      const at = (sample % pictures) * picture;
      return x.subarray(at, at + picture);
    };
    const rows = packRows(
      sequences.map((parts) => buildSequence(parts)),
      { text: 0, visual: 0 },
    );
    const feeds: Record<string, HostTensor> = packedFeeds(
      rows,
      {
        latents,
        vitStart: () => 0,
        time: () => t,
        noise: latents, // t·x + (1 − t)·x = x
        textWeight: () => 0,
        flowWeight: () => 0,
      },
      { latentSize: size, withFlow: true },
    );
    const hidden = this.#model.config.hiddenSize;
    feeds["vit_tokens"] = { type: "float32", shape: [1, hidden], data: new Float32Array(new ArrayBuffer(4 * hidden)) };
    for (const name of this.#names)
      feeds[name] = { type: "float32", shape: this.#shapes.get(name)!, data: weights.get(name)! };
    const used = Object.fromEntries(this.#program.inputNames.map((name) => [name, feeds[name]!]));
    const { velocity } = await this.#program.run(used);
    // Packing orders rows by length: put each sequence's velocities where its picture is.
    const byRow = velocity!.data as Float32Array;
    const ordered = new Float32Array(byRow.length);
    rows.forEach((row, i) =>
      ordered.set(byRow.subarray(i * picture, (i + 1) * picture), row.visual[0]!.sample * picture),
    );
    return ordered;
  }

  dispose(): void {
    this.#program.dispose();
  }
}
