import { defineTraining } from "../../src/train/config.ts";
import { toyRegression } from "./toy-regression.ts";
import { toyRunOptions } from "./toy-run-options.ts";

export default defineTraining({
  name: "toy",
  about: "Costs nothing and reaches nothing.",
  train: { ...toyRunOptions },
  task: { width: 16 },
  createTask: ({ width }) => toyRegression({ width }),
});
