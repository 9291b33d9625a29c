import { describe, expect, test } from "vitest";
import { toyRegression } from "../../tests/support/toy-regression.ts";
import { openRuntime } from "../runtime/open-runtime.ts";
import { defineTraining, loadTrainingConfig, resolveTraining } from "./config.ts";

const config = defineTraining({
  name: "toy",
  about: "Costs nothing.",
  train: { steps: 10, schedule: { kind: "constant", peak: 1e-3 }, optimizer: { muon: { select: () => true } } },
  task: { width: 8, sizes: [1, 2], words: { greeting: "hello" } },
  createTask: ({ width }) => toyRegression({ width }),
});

describe("resolveTraining", () => {
  test("checks and fills in defaults", () => {
    const { train, task } = resolveTraining(config);
    expect(train).toMatchObject({ steps: 10, seed: 0, schedule: { kind: "constant", peak: 1e-3 } });
    expect(task).toEqual(config.task);
  });

  test("applies overrides in order and leaves the config alone", async () => {
    const resolved = resolveTraining(config, [
      "task.width=9",
      "task.width=12",
      "task.sizes.1=7",
      "task.words.greeting=bon=jour",
      "train.schedule.warmup=5",
      "train.optimizer.adamw.weightDecay=0.1",
      'train.schedule.kind="constant"',
    ]);
    expect(resolved.task).toEqual({ width: 12, sizes: [1, 7], words: { greeting: "bon=jour" } });
    expect(resolved.train.schedule).toEqual({ kind: "constant", peak: 1e-3, warmup: 5 });
    expect(resolved.train.optimizer.adamw).toEqual({ weightDecay: 0.1 });
    expect(config.task).toEqual({ width: 8, sizes: [1, 2], words: { greeting: "hello" } });
    const runtime = await openRuntime({ threads: 1 });
    const task = await resolved.createTask({ runtime, seed: 0, outDir: "unused" });
    expect(task.parameters[0]!.shape).toEqual([12, 4]);
  });

  test.each([
    ["nothing", /expected path=value/],
    ["task.widht=3", /task has no "widht", only width, sizes, words/],
    ["task.width=wide", /task\.width is 8, the value given is "wide"/],
    ["task.width.deep=1", /task\.width is 8, it has no parts/],
    ["task.sizes=3", /task\.sizes is a list/],
    ["task.sizes.2=3", /task\.sizes has no "2"/],
    ["model.width=3", /a config has no "model", only train, task/],
    ["train.step=3", /train: .*step/],
    ["train.steps=0.5", /train\.steps: /],
    ["train.schedule.peak=-1", /train\.schedule\.peak: /],
    ["train.schedule.kind=linear", /train\.schedule\.kind: /],
    ["train.optimizer.adamw.beta3=0.1", /train\.optimizer\.adamw: .*beta3/],
    ["train.optimizer.muon.select=true", /select is a function/],
    ["__proto__.polluted=1", /no "__proto__"/],
  ])("rejects --set %s", (override, message) => {
    expect(() => resolveTraining(config, [override])).toThrow(message);
  });
});

test("files that are no configs are named", async () => {
  await expect(loadTrainingConfig("no/such/config.ts", [])).rejects.toThrow(/no\/such\/config\.ts: cannot be loaded/);
  const other = new URL("./ema.ts", import.meta.url).pathname;
  await expect(loadTrainingConfig(other, [])).rejects.toThrow(/default export made by defineTraining/);
});
