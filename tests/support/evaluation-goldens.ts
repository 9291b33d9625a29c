import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "vitest";

/** Questions and golden scores of public benchmarks, outside of the project: not all of them may be copied into it. */
const folder = join(import.meta.dirname, "..", "..", "..", "shared", "fixtures", "evaluation");

/** A path within the fixtures of the benchmarks. */
export function fixturePath(...names: readonly string[]): string {
  return join(folder, ...names);
}

/** A golden file, as JSON. */
export function golden<T>(...names: readonly string[]): T {
  return JSON.parse(readFileSync(fixturePath(...names), "utf8")) as T;
}

/** Tests that compare with what official scorers gave; one that is skipped, and says so, where the fixtures are absent. */
export function describeGoldens(name: string, tests: () => void): void {
  const title = `${name} equals the official scorer`;
  if (existsSync(folder)) describe(title, tests);
  // The body reads the fixtures, so that it cannot even be listed.
  else test.skip(`${title} (skipped: there is no ${folder})`);
}
