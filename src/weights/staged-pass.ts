/** One pass through a transformer, block by block: no more than one block's weights are read at a time. */
import { input } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { Mogao } from "../model/mogao.ts";
import type { MogaoConfig } from "../model/config.ts";
import type { Sequence } from "../model/sequence.ts";
import { blockContext, embeddedRows } from "../model/whole-sequence.ts";
import { ParameterScope, type ParameterInfo } from "../nn/parameters.ts";
import type { StoredWeights } from "../nn/quantization.ts";
import { compileModel } from "../onnx/emit.ts";
import type { HostTensor, Runtime } from "../runtime/types.ts";

/** Where a pass has its weights from: those that programs are fed, by name, and those that they read themselves. */
export interface StagedWeights {
  readonly read: (info: ParameterInfo) => Promise<Float32Array>;
  readonly stored?: StoredWeights | undefined;
}

/** Of the text branch [rows, hidden], and of the visual one where the sequence has latents. */
export interface RowValues {
  readonly text: Float32Array;
  readonly visual?: Float32Array | undefined;
}

export interface OutputValues {
  /** [text rows, vocabulary] */
  readonly logits: Float32Array;
  /** [visual rows, latentSize] */
  readonly velocity?: Float32Array | undefined;
}

/** What is passed through. */
export interface PassContent {
  readonly sequence: Sequence;
  /** x_t of all its noisy images, [tokens, latentSize]. */
  readonly latents: Float32Array;
  /** t of x_t. */
  readonly time: number;
}

export class StagedPass {
  readonly #runtime: Runtime;
  readonly #weights: StagedWeights;
  readonly #content: PassContent;
  readonly #model: Mogao;
  readonly #parameters: ReadonlyMap<string, ParameterInfo>;

  /** Names of the parameters begin with "mogao.". */
  constructor(runtime: Runtime, config: MogaoConfig, weights: StagedWeights, content: PassContent) {
    const scope = new ParameterScope("mogao.", weights.stored?.storage);
    this.#runtime = runtime;
    this.#weights = weights;
    this.#content = content;
    this.#model = new Mogao(scope, config);
    this.#parameters = new Map(scope.all.map((info) => [info.name, info]));
  }

  /** The rows as they enter the first block. */
  async embed(): Promise<RowValues> {
    const { sequence, latents, time } = this.#content;
    const { text, visual } = embeddedRows(this.#model, sequence, { latents: () => latents, time });
    const [found] = await this.#run({ text: text!, ...(visual && { visual }) }, [{}]);
    return rowsOf(found!);
  }

  /** What a block makes of each of `given`. */
  async block(layer: number, given: readonly RowValues[]): Promise<RowValues[]> {
    const { sequence, time } = this.#content;
    const { rows } = this.#model.blocks[layer]!.forward(this.#inputs(), blockContext(this.#model, sequence, time));
    const outputs = { text: rows.text!, ...(rows.visual && { visual: rows.visual }) };
    return (await this.#run(outputs, given.map(this.#feeds))).map(rowsOf);
  }

  /** What the heads make of the last block's rows. */
  async outputs(given: RowValues): Promise<OutputValues> {
    const { sequence, time } = this.#content;
    const { text, visual } = this.#inputs();
    const { condition } = blockContext(this.#model, sequence, time);
    const [found] = await this.#run(
      {
        logits: this.#model.logits(this.#model.norm.forward(text)),
        ...(visual && { velocity: this.#model.velocityOf(visual, condition!) }),
      },
      [this.#feeds(given)],
    );
    return { logits: values(found!["logits"]), velocity: found!["velocity"] && values(found!["velocity"]) };
  }

  /** Rows as inputs of a program. */
  #inputs(): { text: Tensor; visual?: Tensor } {
    const { text, visual } = this.#content.sequence;
    const rows = (name: string, count: number) => input(name, [1, count, this.#model.config.hiddenSize]);
    return {
      text: rows("text_rows", text.length),
      ...(visual.length > 0 && { visual: rows("visual_rows", visual.length) }),
    };
  }

  #feeds = ({ text, visual }: RowValues): Record<string, HostTensor> => {
    const { hiddenSize } = this.#model.config;
    const feed = (data: Float32Array): HostTensor => ({
      type: "float32",
      shape: [1, data.length / hiddenSize, hiddenSize],
      data,
    });
    return { text_rows: feed(text), ...(visual && { visual_rows: feed(visual) }) };
  };

  /** Runs a graph once for each of the feeds, and forgets its weights. */
  async #run(
    outputs: Readonly<Record<string, Tensor>>,
    feeds: readonly Readonly<Record<string, HostTensor>>[],
  ): Promise<Record<string, HostTensor>[]> {
    const { read, stored } = this.#weights;
    const { bytes, inputs } = compileModel(outputs, { ...(stored && { stored: stored.place }) });
    const program = await this.#runtime.load(bytes, { weightsFolder: stored?.folder });
    try {
      const weights: Record<string, HostTensor> = {};
      for (const { name, role } of inputs) {
        if (role !== "parameter") continue;
        const info = this.#parameters.get(name)!;
        weights[name] = { type: "float32", shape: info.shape, data: await read(info) };
      }
      const results = [];
      for (const one of feeds) results.push(await program.run({ ...weights, ...one }));
      return results;
    } finally {
      program.dispose();
    }
  }
}

const values = (tensor: HostTensor | undefined) => tensor!.data as Float32Array;
const rowsOf = (found: Record<string, HostTensor>): RowValues => ({
  text: values(found["text"]),
  visual: found["visual"] && values(found["visual"]),
});
