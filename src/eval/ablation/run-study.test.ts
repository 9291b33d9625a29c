import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadFolder } from "../../generate/load-folder.ts";
import { openRuntime } from "../../runtime/open-runtime.ts";
import type { Runtime } from "../../runtime/types.ts";
import { runStudy, type StudyOptions, type StudyResult } from "./run-study.ts";
import { STUDIES, type Study } from "./studies.ts";

const config = fileURLToPath(new URL("../../../tests/support/tiny-ablation.ts", import.meta.url));
/** A suite that needs no judge, so that the test is about training. */
const study: Study = { ...STUDIES.architecture, suites: ["does-not-draw-when-questioned"] };
const STEPS = 6;

let folder: string;
let runtime: Runtime;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-ablation-"));
  runtime = await openRuntime({ threads: 1 });
});
afterAll(() => rm(folder, { recursive: true }));

function run(name: string, more: Partial<StudyOptions> = {}): Promise<StudyResult> {
  return runStudy({
    study,
    only: ["D", "A"],
    seeds: 1,
    steps: STEPS,
    config,
    limit: 1,
    out: join(folder, name),
    runtime,
    load: (model) => loadFolder({ model }),
    signal: new AbortController().signal,
    ...more,
  });
}

/** Without what a clock decides. */
function timeless(result: StudyResult): unknown {
  return JSON.parse(JSON.stringify(result), (key, value: unknown) => (key === "seconds" ? 0 : value));
}

test(
  "A and D of Table 5, end to end; stopped in the middle of a run it goes on to the very same numbers",
  { timeout: 600_000 },
  async () => {
    const whole = await run("whole");
    expect(whole.rows.map(({ variant }) => variant)).toEqual(["A", "D"]);
    expect(whole.runs.map(({ variant, seed }) => `${variant}${seed}`)).toEqual(["A0", "D0"]);
    const [a, d] = whole.rows;
    // Deep fusion has more weights, of which each token passes through as many.
    expect(d!.parameters).toBeGreaterThan(a!.parameters);
    expect(d!.activePerToken).toBe(a!.activePerToken);
    expect(a!.gains).toBeNull();
    expect(whole.curves.map(({ gain }) => gain?.step.length)).toEqual([undefined, whole.curves[0]!.band.step.length]);
    expect(d!.gains!.editing.mean).toBe(a!.losses.editing.mean - d!.losses.editing.mean);
    for (const { samples, losses, report } of whole.runs) {
      expect(samples).toBe(2 * STEPS);
      // Hardly trained: a velocity is as uncertain as noise and picture together, a word is one of 2,048.
      for (const task of ["drawing", "editing", "sequences"] as const) {
        expect(losses[task]).toBeGreaterThan(1.5);
        expect(losses[task]).toBeLessThan(2.5);
      }
      for (const task of ["captions", "questions"] as const)
        expect(Math.abs(losses[task] - Math.log(2048))).toBeLessThan(1);
      expect(report.rows[0]).toMatchObject({ suite: "does-not-draw-when-questioned", model: { of: 1 } });
    }
    for (const { band } of whole.curves) {
      expect(band.step.at(-1)).toBe(STEPS);
      band.mean.forEach((value, i) => {
        expect(band.low[i]).toBeLessThanOrEqual(value);
        expect(band.high[i]).toBeGreaterThanOrEqual(value);
      });
    }
    const table = await readFile(join(folder, "whole", "table.md"), "utf8");
    expect(table).toMatch(/\| D +\| +IL-RoPE, VAE \+ ViT, deep fusion \|/);
    expect(await readFile(join(folder, "whole", "flow.svg"), "utf8")).toContain("A: M-RoPE, VAE</text>");

    const stopping = new AbortController();
    let steps = 0;
    const reporter = () => ({ step: () => void (++steps === STEPS + 2 && stopping.abort(new Error("stopped"))) });
    await expect(run("parts", { signal: stopping.signal, reporter })).rejects.toThrow("stopped");
    expect(steps).toBe(STEPS + 2);
    expect(timeless(await run("parts"))).toEqual(timeless(whole));
    // Nothing is left to be trained.
    const idle = { step: () => expect.unreachable() };
    expect(timeless(await run("parts", { reporter: () => idle }))).toEqual(timeless(whole));
  },
);

test("unknown variants and folders of other studies are told", async () => {
  await expect(run("none", { only: ["A", "E"] })).rejects.toThrow('--only: expected names among A, B, C, D, found "E"');
  await run("one", { only: ["A"], seeds: 1, steps: 1 });
  await expect(run("one", { only: ["A"], seeds: 1, steps: 2 })).rejects.toThrow("choose another folder with --out");
});
