import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { InputError } from "../../src/core/errors.ts";
import { generator, mutated } from "./mutate.ts";
import { readerTargets } from "./reader-targets.ts";

const ROUNDS = 2000;
/** Of one reading, in milliseconds; a shared machine stands still now and then. */
const PATIENCE = 2000;

beforeAll(() => void vi.spyOn(console, "warn").mockImplementation(() => undefined));
afterAll(() => void vi.restoreAllMocks());

test.each(readerTargets)("$name: thousands of damaged texts are read or give InputError, quickly", ({ text, read }) => {
  const below = generator(7);
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const damaged = mutated(text, below);
    const start = performance.now();
    try {
      read(damaged);
    } catch (error) {
      if (!(error instanceof InputError)) throw new Error(`found by ${JSON.stringify(damaged)}`, { cause: error });
      expect(error.message.length).toBeLessThan(4000);
      refused++;
    }
    expect(performance.now() - start).toBeLessThan(PATIENCE);
  }
  expect(refused).toBeGreaterThan(ROUNDS / 4);
  expect(() => read(text)).not.toThrow();
});
