import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rasteriseIcons } from "./rasterise.ts";

const NOTO = "@iconify-json/noto";

test("an icon that aborts resvg is skipped and named; missing ones are null; the rest is drawn", async () => {
  const icons = ["red-heart", "package", "no-such-icon", "sun"].map((icon) => ({ package: NOTO, icon }));
  const { pictures, crashed } = await rasteriseIcons({ size: 32, fill: 0.9, icons });
  expect(crashed).toEqual([`${NOTO} package`]);
  expect(pictures.map((picture) => picture?.length ?? null)).toEqual([4096, null, null, 4096]);
});

test("drawings are cropped, centred, fill their share and have straight alpha", async () => {
  const icons = [{ package: NOTO, icon: "red-heart" }];
  const { pictures } = await rasteriseIcons({ size: 64, fill: 0.75, icons });
  const rgba = pictures[0]!;
  const visible = Array.from({ length: 64 * 64 }, (_, i) => i).filter((i) => rgba[4 * i + 3]! > 127);
  const columns = visible.map((i) => i % 64);
  const rows = visible.map((i) => Math.floor(i / 64));
  const [left, right, top, bottom] = [Math.min(...columns), Math.max(...columns), Math.min(...rows), Math.max(...rows)];
  expect(Math.abs(left + right - 63)).toBeLessThanOrEqual(1);
  expect(Math.abs(top + bottom - 63)).toBeLessThanOrEqual(1);
  expect(Math.abs(Math.max(right - left, bottom - top) + 1 - 48)).toBeLessThanOrEqual(1);
  // Premultiplied bytes would be dark on the faint edge.
  const faint = Array.from({ length: 64 * 64 }, (_, i) => i).filter(
    (i) => rgba[4 * i + 3]! > 20 && rgba[4 * i + 3]! < 90,
  );
  expect(faint.length).toBeGreaterThan(10);
  for (const i of faint) expect(rgba[4 * i]!).toBeGreaterThan(180);
});

test("a child that fails for another reason than a panic is an error, not a missing icon", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mogao-rasterise-"));
  const entry = join(folder, "child.mjs");
  await writeFile(entry, 'throw new Error("no memory");');
  const icons = [{ package: NOTO, icon: "sun" }];
  await expect(rasteriseIcons({ size: 8, fill: 1, icons }, entry)).rejects.toThrow(/noto sun failed[^]*no memory/);
  await rm(folder, { recursive: true });
});
