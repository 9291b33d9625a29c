import { expect, test, vi } from "vitest";
import type { StepRecord } from "../train/reporter.ts";
import { trainProgress } from "./train-progress.ts";

const record = (step: number, overrides: Partial<StepRecord> = {}): StepRecord => ({
  step,
  loss: 2,
  metrics: {},
  learningRate: 1,
  gradientNorm: 1,
  skipped: false,
  samples: 8 * step,
  samplesPerSecond: 4,
  gflopsPerSecond: 100,
  seconds: 2 * step,
  waited: 0,
  ...overrides,
});

function drawn(isTTY: boolean, draw: (progress: ReturnType<typeof trainProgress>) => void): string {
  let text = "";
  draw(trainProgress({ isTTY, write: (part: string) => (text += part) }));
  return text;
}

test("a line has loss, speeds and the time left", () => {
  const text = drawn(false, (progress) => {
    progress.start!({ name: "toy", parameters: 1_250_000, step: 7, steps: 1807 });
    for (let step = 8; step <= 1807; step++) progress.step!(record(step), 1807);
  });
  const lines = text.trim().split("\n");
  expect(lines[0]).toBe("toy: 1.25 M parameters, step 7 of 1807");
  expect(lines.at(-1)).toBe("step 1807/1807  loss 2  4 samples/s  100 GFLOP/s  0s left");
});

test("a terminal's line is redrawn, with the time that is left at the smoothed speed", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const text = drawn(true, (progress) => {
    for (const step of [1, 2, 3]) {
      progress.step!(record(step, { loss: step === 2 ? NaN : 2 }), 3602);
      vi.advanceTimersByTime(1000);
    }
    progress.note!("a note");
  });
  vi.useRealTimers();
  const redraw = "\r\x1b[2K";
  expect(text.split(redraw)).toEqual([
    "",
    "step 1/3602  loss 2  – samples/s  – GFLOP/s  – left",
    "step 2/3602  loss 2  4 samples/s  100 GFLOP/s  2h00m left",
    "step 3/3602  loss 2  4 samples/s  100 GFLOP/s  1h59m left",
    "a note\n",
  ]);
});
