import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import tinyAblation from "../../../tests/support/tiny-ablation.ts";
import { writeRun } from "../../../tests/support/written-run.ts";
import { ablations } from "../../model/presets.ts";
import { openRuntime } from "../../runtime/open-runtime.ts";
import type { WorldTaskSettings } from "../../train/world-task.ts";
import { modelParameters } from "../../weights/model-folder.ts";
import { heldOutLosses } from "./held-out-loss.ts";

test("untrained models, which predict no velocity, have the same flow losses whatever their architecture", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mogao-held-out-"));
  const runtime = await openRuntime({ threads: 1 });
  const base = tinyAblation.task as WorldTaskSettings;
  const [a, d] = await Promise.all(
    (["A", "D"] as const).map(async (id) => {
      const settings = { ...base, model: { ...base.model, ...ablations[id] }, lambda: id === "A" ? 1 : 0.1 };
      const run = await writeRun(join(folder, id), modelParameters(settings), settings);
      return heldOutLosses(runtime, settings, run);
    }),
  );
  for (const task of ["drawing", "editing", "sequences"] as const) expect(a![task]).toBeCloseTo(d![task], 5);
  for (const task of ["captions", "questions"] as const) expect(Math.abs(a![task] - Math.log(2048))).toBeLessThan(1);
  await rm(folder, { recursive: true });
});
