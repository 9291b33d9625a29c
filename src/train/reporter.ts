/** One line of metrics.jsonl: what one step did. */
export interface StepRecord {
  /** Steps made, this one included. */
  readonly step: number;
  readonly loss: number;
  /** Named by the task. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What its samples were drawn from, where a task has several sources. */
  readonly source?: string;
  readonly learningRate: number;
  /** Before clipping; not finite where the step was skipped (null in JSON). */
  readonly gradientNorm: number;
  readonly skipped: boolean;
  /** Seen since the start of the run, over all its resumptions. */
  readonly samples: number;
  readonly samplesPerSecond: number;
  readonly gflopsPerSecond: number;
  /** Seconds of training so far, over all resumptions. */
  readonly seconds: number;
  /** Seconds of this step spent waiting for its batch. */
  readonly waited: number;
}

/** What the loop tells people; the command line draws it. Every method is optional. */
export interface Reporter {
  start?(run: {
    readonly name: string;
    readonly parameters: number;
    readonly step: number;
    readonly steps: number;
  }): void;
  step?(record: StepRecord, steps: number): void;
  /** Anything else worth a line: a checkpoint, a skipped step. */
  note?(message: string): void;
}
