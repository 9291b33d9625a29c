import type { Reporter } from "../train/reporter.ts";
import type { Output } from "./context.ts";
import { Progress } from "./progress.ts";

/** Weight of a new step in smoothed figures. */
const smoothing = 0.02;

/** A line with smoothed loss and speeds and the time left, replaced in place on a terminal; notes above it. */
export function trainProgress(output: Output): Reporter {
  const progress = new Progress(output);
  const loss = smoothed();
  const seconds = smoothed();
  const samples = smoothed();
  const gflops = smoothed();
  let lastSeconds: number | undefined;
  const note = (text: string) => {
    progress.clear();
    output.write(`${text}\n`);
  };
  return {
    start: ({ name, parameters, step, steps }) =>
      note(`${name}: ${(parameters / 1e6).toFixed(2)} M parameters, step ${step} of ${steps}`),
    note,
    step(record, steps) {
      if (Number.isFinite(record.loss)) loss.add(record.loss);
      if (lastSeconds !== undefined) {
        // The first step warms caches and allocators; it would be a bad forecast.
        const taken = record.seconds - lastSeconds;
        seconds.add(taken);
        samples.add(record.samplesPerSecond * taken);
        gflops.add(record.gflopsPerSecond * taken);
      }
      lastSeconds = record.seconds;
      const taken = seconds.value();
      const text = [
        `step ${record.step}/${steps}`,
        `loss ${figure(loss.value())}`,
        `${figure(samples.value() / taken)} samples/s`,
        `${figure(gflops.value() / taken)} GFLOP/s`,
        `${duration((steps - record.step) * taken)} left`,
      ].join("  ");
      if (record.step < steps) progress.update(text);
      else note(text);
    },
  };
}

/** Exponential average without a bias towards its start. */
function smoothed() {
  let sum = 0;
  let weight = 0;
  return {
    add(value: number) {
      sum += smoothing * (value - sum);
      weight += smoothing * (1 - weight);
    },
    value: () => sum / weight,
  };
}

function figure(value: number): string {
  return Number.isFinite(value) ? Number(value.toPrecision(4)).toString() : "–";
}

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours}h${String(minutes).padStart(2, "0")}m`;
  return minutes > 0 ? `${minutes}m${String(whole % 60).padStart(2, "0")}s` : `${whole}s`;
}
