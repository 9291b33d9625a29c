import { InputError } from "../core/errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { MogaoConfig } from "../model/config.ts";
import { Mogao } from "../model/mogao.ts";
import { ParameterScope, type ParameterValues } from "../nn/parameters.ts";
import type { StoredWeights } from "../nn/quantization.ts";
import { compileModel } from "../onnx/emit.ts";
import type { HostTensor, Program, Runtime } from "../runtime/types.ts";
import { cleanGraph, noisyGraph, textGraph } from "./programs.ts";

/** A program and the weights that it reads, which every run shares and none copies. */
export interface BoundProgram {
  readonly program: Program;
  /** Names of all feeds; a graph lacks those that none of its outputs depends on. */
  readonly inputs: ReadonlySet<string>;
  /**
   * A new record of feeds: the weights and, of `given`, those that are among {@link inputs}. The caller adds the rest and may
   * keep it from run to run.
   */
  feeds(given?: Readonly<Record<string, HostTensor>>): Record<string, HostTensor>;
}

const graphs = { text: textGraph, clean: cleanGraph, noisy: noisyGraph } satisfies Record<
  string,
  (model: Mogao) => Record<string, Tensor>
>;
export type ProgramName = keyof typeof graphs;

/** The inference programs of one model, each compiled when it is first asked for. */
export class ModelPrograms {
  readonly config: MogaoConfig;
  readonly #runtime: Runtime;
  readonly #model: Mogao;
  readonly #weights: ReadonlyMap<string, HostTensor>;
  readonly #stored: StoredWeights | undefined;
  readonly #programs = new Map<ProgramName, Promise<BoundProgram>>();
  #disposed = false;

  /**
   * `weights` stay in use: changing them changes later results. Their names begin with "mogao."; those that are `stored` are
   * not among them.
   */
  constructor(runtime: Runtime, config: MogaoConfig, weights: ParameterValues, stored?: StoredWeights) {
    const scope = new ParameterScope("mogao.", stored?.storage);
    this.#stored = stored;
    this.config = config;
    this.#runtime = runtime;
    this.#model = new Mogao(scope, config);
    this.#weights = new Map(
      scope.all
        .filter(({ name }) => stored?.place(name) === undefined)
        .map(({ name, shape }) => {
          const data = weights.get(name);
          if (!data) throw new InputError(`model: no weights for "${name}"`);
          return [name, { type: "float32", shape, data }];
        }),
    );
  }

  get(name: ProgramName): Promise<BoundProgram> {
    let program = this.#programs.get(name);
    if (!program) this.#programs.set(name, (program = this.#open(name)));
    return program;
  }

  /** Frees the programs; runs in progress end first. */
  dispose(): void {
    this.#disposed = true;
    // A program that fails to open reports it to those who asked for it.
    for (const program of this.#programs.values())
      void program.then(
        (bound) => bound.program.dispose(),
        () => undefined,
      );
  }

  async #open(name: ProgramName): Promise<BoundProgram> {
    if (this.#disposed) throw new InputError("This model was disposed; load it again to use it.");
    const stored = this.#stored;
    const compiled = compileModel(graphs[name](this.#model), { name, ...(stored && { stored: stored.place }) });
    const program = await this.#runtime.load(compiled.bytes, {
      weightsFolder: stored?.folder,
      constants: stored?.tensors,
    });
    const weights = Object.fromEntries(
      compiled.inputs.flatMap(({ name: input, role }) =>
        role === "parameter" ? [[input, this.#weights.get(input)!] as const] : [],
      ),
    );
    const inputs = new Set(program.inputNames);
    const known = (given: Readonly<Record<string, HostTensor>>) =>
      Object.fromEntries(Object.entries(given).filter(([input]) => inputs.has(input)));
    return { program, inputs, feeds: (given = {}) => ({ ...weights, ...known(given) }) };
  }
}
