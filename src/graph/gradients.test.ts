import { describe, expect, it } from "vitest";
import { valuesOf, type Case } from "../../tests/cases/case.ts";
import { primitiveCases } from "../../tests/cases/primitives.ts";
import { topologicalOrder } from "./tensor.ts";
import { checkGradient, inputsOf } from "./testing.ts";

describe.each(Object.entries<readonly Case[]>(primitiveCases))("gradient of %s", (op, cases) => {
  it.each(cases)("$name", (one) => {
    for (const sizes of one.sizes) {
      const values = valuesOf(one, sizes);
      expect(topologicalOrder([one.build(inputsOf(values))]).map((tensor) => tensor.op)).toContain(op);
      checkGradient(one.build, values, one.wrt ? { wrt: one.wrt } : {});
    }
  });
});
