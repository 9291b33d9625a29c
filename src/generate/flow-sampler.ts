/** Integrates dx/dt = v(x, t) from noise at t = 0 to data at t = 1 (Eq. 3-5). */
import { samplingTimes } from "../model/flow.ts";

/** Order 1: Euler. Order 2: Heun (trapezoid) and midpoint, with two evaluations an interval. */
export type Solver = "euler" | "heun" | "midpoint";

/** A state of the flow: float32 where a program computes, float64 in tests. */
type State = Float32Array | Float64Array;

/** Writes v(x, t) into `into`; all three arrays are as long as x, and `x` must not be kept. */
export type VelocityField<S extends State = Float32Array> = (x: S, t: number, into: S) => Promise<void>;

export interface FlowStep<S extends State = Float32Array> {
  /** Evaluations so far, and in all. */
  readonly step: number;
  readonly steps: number;
  /** Where the integration stands. */
  readonly t: number;
  /** What x_1 would be if the velocity stayed as it is, as a new array. */
  estimate(): S;
}

export interface FlowSamplerOptions<S extends State = Float32Array> {
  /** Evaluations of the velocity. An odd number ends a second-order solver with one Euler step. */
  readonly steps: number;
  /** Above 1, more of the steps lie near the noise. */
  readonly shift: number;
  readonly solver: Solver;
  /** Checked before each evaluation. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each interval. */
  readonly onStep?: ((step: FlowStep<S>) => void | Promise<void>) | undefined;
}

/** `x` holds the noise and becomes the sample, in place. Throws the signal's reason when it is aborted. */
export async function sampleFlow<S extends State>(
  x: S,
  velocity: VelocityField<S>,
  { steps, shift, solver, signal, onStep }: FlowSamplerOptions<S>,
): Promise<void> {
  const order = solver === "euler" ? 1 : 2;
  const intervals = Math.ceil(steps / order);
  const times = samplingTimes(intervals, shift);
  const another = () => x.slice() as S;
  const slope = another();
  const trial = order === 1 ? x : another();
  const second = order === 1 ? x : another();
  let evaluations = 0;
  const evaluate = async (at: S, t: number, into: S) => {
    signal?.throwIfAborted();
    await velocity(at, t, into);
    evaluations++;
  };
  for (let interval = 0; interval < intervals; interval++) {
    const [t, end] = [times[interval]!, times[interval + 1]!];
    const dt = end - t;
    await evaluate(x, t, slope);
    if (evaluations < steps && solver === "heun") {
      for (let i = 0; i < x.length; i++) trial[i] = x[i]! + dt * slope[i]!;
      await evaluate(trial, end, second);
      for (let i = 0; i < x.length; i++) slope[i] = (slope[i]! + second[i]!) / 2;
    } else if (evaluations < steps && solver === "midpoint") {
      for (let i = 0; i < x.length; i++) trial[i] = x[i]! + (dt / 2) * slope[i]!;
      await evaluate(trial, t + dt / 2, slope);
    }
    for (let i = 0; i < x.length; i++) x[i]! += dt * slope[i]!;
    await onStep?.({
      step: evaluations,
      steps,
      t: end,
      estimate: () => x.map((value, i) => value + (1 - end) * slope[i]!) as S,
    });
  }
}
