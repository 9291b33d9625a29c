import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "vitest";

/** Golden scores of made-up answers. */
const own = join(import.meta.dirname, "..", "fixtures", "evaluation");
/** Questions of the benchmarks and large goldens, outside of the project: not all of them may be copied into it. */
const shared = join(import.meta.dirname, "..", "..", "..", "shared", "fixtures", "evaluation");

/** A path within the fixtures of the benchmarks. */
export function fixturePath(...names: readonly string[]): string {
  const copy = join(own, ...names);
  return existsSync(copy) ? copy : join(shared, ...names);
}

/** A golden file, as JSON. */
export function golden<T>(...names: readonly string[]): T {
  return JSON.parse(readFileSync(fixturePath(...names), "utf8")) as T;
}

/** Tests that compare with what official scorers gave; one that is skipped, and says so, where the fixture they need is absent. */
export function describeGoldens(name: string, fixture: string, tests: () => void): void {
  const title = `${name} equals the official scorer`;
  const path = fixturePath(fixture);
  if (existsSync(path)) describe(title, tests);
  // The body reads the fixtures, so that it cannot even be listed.
  else test.skip(`${title} (skipped: there is no ${path})`);
}
