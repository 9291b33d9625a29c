import type { Tensor } from "../graph/tensor.ts";
import type { ParameterInfo, ParameterValues } from "../nn/parameters.ts";
import type { HostTensor } from "../runtime/types.ts";

/** What a training run learns from and minimises; the loop (loop.ts) knows nothing else about the model. */
export interface TrainingTask {
  readonly name: string;
  /** Parameters that the optimizer updates. */
  readonly parameters: readonly ParameterInfo[];
  /** Values of parameters that the graph reads but training leaves alone (frozen encoders). */
  readonly frozen?: ParameterValues;
  /** First values that a fresh run gives to some parameters in place of their initializers'. */
  readonly start?: ParameterValues;
  /** Scalar to minimise. */
  readonly loss: Tensor;
  /** Further scalars to report, by name. */
  readonly metrics: Readonly<Record<string, Tensor>>;
  /** Small tensors beside the loss, which reports write to observed-<step>.json; of the step's batch and the EMA weights. */
  readonly observed?: Readonly<Record<string, Tensor>>;
  /**
   * Feeds of one step besides parameters: a pure function of the step number, which is what makes a resumed run equal
   * to an uninterrupted one. The loop asks for step n + 1 while step n computes.
   */
  batch(step: number): Promise<TrainingBatch>;
  /** Writes pictures, scores or anything else a person looks at, from the EMA weights; called now and then. */
  report?(step: number, weights: ParameterValues, folder: string): Promise<void>;
  close?(): Promise<void>;
}

export interface TrainingBatch {
  readonly feeds: Readonly<Record<string, HostTensor>>;
  readonly samples: number;
  /** Floating-point operations of forward and backward, for the progress line. */
  readonly flops: number;
  /** What the samples were drawn from, where a task has several sources. */
  readonly source?: string;
}
