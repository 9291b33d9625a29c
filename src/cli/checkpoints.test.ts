import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runFakeCli } from "../../tests/support/fake-cli.ts";

const reference = (family: string) =>
  fileURLToPath(new URL(`../../tests/fixtures/references/${family}`, import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-cli-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("inspect counts presets as their papers do", async () => {
  const count = async (preset: string) => {
    const { stdout } = await runFakeCli(["inspect", "--preset", preset, "--json"]);
    return JSON.parse(stdout) as { preset: string; parameters: number; groups: Record<string, number> };
  };
  expect(await count("mogao-7b")).toMatchObject({ preset: "mogao-7b", parameters: 6_780_504_128 });
  const vae = await count("flux-vae");
  expect(vae.parameters).toBe(83_819_683);
  expect(Object.keys(vae.groups)).toEqual(["encoder", "decoder"]);
});

test("convert --from flux-vae writes our files; another checkpoint is refused in one line", async () => {
  const out = join(folder, "vae");
  const convert = ["convert", "--from", "flux-vae"];
  const { code, stdout } = await runFakeCli([...convert, reference("flux-vae-diffusers"), "--out", out, "--json"]);
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { parameters: 85_583, config: { latentChannels: 4 }, out }]);
  expect((await readdir(out)).sort()).toEqual(["vae.json", "vae.safetensors"]);
  const other = join(folder, "other");
  const wrong = await runFakeCli([...convert, reference("qwen2"), "--out", other]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/^mogao: .*qwen2\/model\.safetensors: does not hold this model: it lacks encoder.*\n$/);
  await expect(readdir(other)).rejects.toThrow(/ENOENT/);
});

test("init without the LLM's tokenizer writes nothing", async () => {
  const out = join(folder, "model");
  const parts = { llm: "qwen2", vit: "qwen2-vl-vision", vae: "flux-vae-diffusers" };
  const given = Object.entries(parts).flatMap(([part, family]) => [`--${part}`, reference(family)]);
  const { code, stderr } = await runFakeCli(["init", ...given, "--out", out]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^mogao: .*qwen2\/tokenizer\.json: no such file\n$/);
  await expect(readdir(out)).rejects.toThrow(/ENOENT/);
});
