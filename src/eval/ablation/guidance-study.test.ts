import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FakeMogao, solid } from "../../../tests/support/fake-mogao.ts";
import { guidanceGrid, runGuidanceStudy } from "./guidance-study.ts";

test("the grid has the paper's cell, and Eq. 10 for every γ", () => {
  const grid = guidanceGrid();
  expect(grid).toContainEqual({ guidance: 7.5, imageGuidance: 1.5 });
  for (const guidance of [1, 2.5, 4, 7.5]) expect(grid).toContainEqual({ guidance, imageGuidance: guidance });
  expect(grid.every(({ guidance, imageGuidance }) => imageGuidance <= guidance)).toBe(true);
});

test("a model that draws the last picture again is seen to repeat it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mogao-guidance-"));
  await writeFile(join(folder, "model.safetensors"), "weights");
  // It repeats where pictures guide strongly, and draws nothing known else.
  const model = new FakeMogao((prompt, { imageGuidance }) => {
    const shown = prompt.flatMap((part) => (typeof part !== "string" && part.type === "image" ? [part.image] : []));
    return [imageGuidance === 4 ? shown.at(-1)! : solid(96, 96, [255, 255, 255])];
  });
  const rows = await runGuidanceStudy({
    modelFolder: folder,
    load: () => Promise.resolve(model),
    limit: 3,
    steps: 5,
    out: join(folder, "out"),
    grid: [
      { guidance: 4, imageGuidance: 1.5 },
      { guidance: 4, imageGuidance: 4 },
    ],
    signal: new AbortController().signal,
  });
  expect(rows.map(({ repeated, items }) => [repeated, items])).toEqual([
    [0, 6],
    [1, 6],
  ]);
  expect(rows.map(({ right, changed }) => [right, changed])).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(model.calls[0]!.options).toMatchObject({ guidance: 4, imageGuidance: 1.5, steps: 5 });
  expect(await readFile(join(folder, "out", "table.md"), "utf8")).toMatch(
    /\| 4 +\| +4 \(Eq\. 10\) \| +0\.0% \|.* 100\.0% \|/,
  );
  await rm(folder, { recursive: true });
});
