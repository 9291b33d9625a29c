import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeBagelFolder } from "../../tests/support/bagel-folder.ts";
import { runFakeCli } from "../../tests/support/fake-cli.ts";
import { FakeHub } from "../../tests/support/fake-hub.ts";
import { tinyModel } from "../generate/testing.ts";
import { saveModelFolder } from "../weights/model-folder.ts";

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
  const bagel = await count("bagel-7b-mot");
  expect(bagel.parameters).toBe(14_607_260_128);
  expect(bagel.groups).toMatchObject({ generation: 28_912_192, modulation: 0, vit: 402_552_736 });
  // Lance's file of float32 numbers is 24,740,959,248 bytes long, of which the header takes 136,016.
  const lance = await count("lance-3b");
  expect(4 * (lance.parameters - lance.groups["vit"]!)).toBe(24_740_959_248 - 136_016);
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
  // A copy of the whole repository will do, as its name on the hub does.
  const pipeline = join(folder, "pipeline");
  await mkdir(join(pipeline, "vae"), { recursive: true });
  await copyFile(join(reference("flux-vae-diffusers"), "config.json"), join(pipeline, "vae", "config.json"));
  await copyFile(
    join(reference("flux-vae-diffusers"), "model.safetensors"),
    join(pipeline, "vae", "diffusion_pytorch_model.safetensors"),
  );
  const whole = await runFakeCli([...convert, pipeline, "--out", join(folder, "whole")]);
  expect(whole.stdout).toMatch(/an autoencoder of 85,583 parameters\n$/);
  const other = join(folder, "other");
  const wrong = await runFakeCli([...convert, reference("qwen2"), "--out", other]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/^mogao: .*qwen2\/model\.safetensors: does not hold this model: it lacks encoder.*\n$/);
  await expect(readdir(other)).rejects.toThrow(/ENOENT/);
});

test("convert --quantize takes a model folder, and says what it did to every kind of matrix", async () => {
  const model = join(folder, "model");
  await saveModelFolder(model, tinyModel({ model: { hiddenSize: 128 } }));
  const out = join(folder, "small");
  const { code, stdout } = await runFakeCli([
    "convert",
    "--quantize",
    "text=int4,embeddings=int8",
    model,
    "--out",
    out,
  ]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/mogao\.embed_tokens\.weight +8 in 128 +0\.\d\d% +0\.\d\d%\n/);
  expect(stdout).toMatch(/mogao\.layers\.\*\.text\.self_attn\.q_proj\.weight +4 in 32 +8\.\d\d% +8\.\d\d% \([01]\)\n/);
  expect(stdout).toMatch(
    /\nafter layer +text alone +in all +latents alone +in all\n\(embeddings\) +0\.\d\d% +0\.00%\n/,
  );
  expect(stdout).toMatch(
    /\n1( +\d+\.\d\d%){4}\n\(heads\)( +\d+\.\d\d%){2}\n.*token in \d+\.\d\d% of places; tokens of the ViT: 0/,
  );
  expect((await readdir(out)).sort()).toEqual([...(await readdir(model)), "quantization-report.json"].sort());

  const failures = [
    [["--quantize", "int3", model], /--quantize: expected float, int8, int4 or PART=FORMAT/],
    [["--quantize", "int8", "--from", "flux-vae", model], /--quantize takes a model folder/],
    [["--quantize", "int8", "--from", "run", model], /or --from bagel, lance, qwen2\.5, no run: convert it first/],
    [["--quantize", "int3", "--from", "bagel", model], /--quantize: expected float, int8, int4 or PART=FORMAT/],
    [["--from", "model", model], /--from model: expected --quantize, found none/],
    [["--quantize", "int8", join(folder, "none")], /none: no such folder/],
  ] as const;
  for (const [args, message] of failures) {
    const failed = await runFakeCli(["convert", ...args, "--out", join(folder, "failed")]);
    expect(failed.code).toBe(2);
    expect(failed.stderr).toMatch(message);
  }
  await expect(readdir(join(folder, "failed"))).rejects.toThrow(/ENOENT/);
});

test("convert --from bagel writes a model folder that inspect counts", async () => {
  const bagel = join(folder, "bagel");
  await writeBagelFolder(bagel);
  const out = join(folder, "model");
  const { code, stdout } = await runFakeCli(["convert", "--from", "bagel", bagel, "--out", out, "--json"]);
  const { parameters } = JSON.parse(stdout) as { parameters: number };
  expect(code).toBe(0);
  const inspected = await runFakeCli(["inspect", "--model", out, "--json"]);
  expect(JSON.parse(inspected.stdout)).toMatchObject({ parameters, groups: { modulation: 0 } });
});

test("convert --from bagel --quantize writes it quantised", async () => {
  const bagel = join(folder, "bagel");
  await writeBagelFolder(bagel);
  const out = join(folder, "model");
  const convert = ["convert", "--from", "bagel", bagel, "--quantize", "int4", "--out", out];
  const { code, stdout } = await runFakeCli(convert);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^.*model: [\d,]+ parameters, \d\.\d MB of weights\nmatrix +bits, block/);
  expect((await readdir(folder)).sort()).toEqual(["bagel", "model"]);
  const inspected = await runFakeCli(["inspect", "--model", out, "--json"]);
  expect(JSON.parse(inspected.stdout)).toMatchObject({ groups: { modulation: 0 } });
});

test("init without the LLM's tokenizer writes nothing", async () => {
  const out = join(folder, "model");
  const parts = { llm: "qwen2", vit: "qwen2-vl-vision", vae: "flux-vae-diffusers" };
  const given = Object.entries(parts).flatMap(([part, family]) => [`--${part}`, reference(family)]);
  const { code, stderr } = await runFakeCli(["init", ...given, "--out", out]);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^mogao: .*qwen2\/tokenizer\.json: no such file, and no merges\.txt with a vocab\.json in its place\n$/,
  );
  await expect(readdir(out)).rejects.toThrow(/ENOENT/);
});

test("convert takes a checkpoint by its name on the hub; the second time from the cache, offline", async () => {
  const file = async (name: string) => ({ content: await readFile(join(reference("flux-vae-diffusers"), name)) });
  await using hub = await FakeHub.start({
    "vae/config.json": await file("config.json"),
    "vae/diffusion_pytorch_model.safetensors": { ...(await file("model.safetensors")), lfs: true },
    "transformer/diffusion_pytorch_model.safetensors": { content: Buffer.from("much"), lfs: true },
  });
  const env = { HF_ENDPOINT: hub.endpoint, MOGAO_CACHE: join(folder, "cache") };
  const convert = (...more: string[]) =>
    runFakeCli(["convert", "--from", "flux-vae", ...more, "--out", join(folder, "vae")], { env });
  const first = await convert(hub.repository);
  expect(first).toMatchObject({ code: 0, stdout: `${join(folder, "vae")}: an autoencoder of 85,583 parameters\n` });
  expect(first.stderr).toMatch(/^owner\/tiny-model: vae\/config\.json, 0 of 0 MB, [\d.]+ MB\/s\n$/);
  expect(hub.transfers).toHaveLength(1);
  hub.requests.length = 0;
  expect((await convert(`hf:${hub.repository}/vae`, "--offline")).code).toBe(0);
  expect(hub.requests).toEqual([]);
  hub.faults.refuse = { status: 404, code: "RepoNotFound" };
  expect(await convert(hub.repository)).toMatchObject({
    code: 2,
    stderr:
      "mogao: owner/tiny-model: no such repository, revision or file (RepoNotFound) (and there is no owner/tiny-model on this machine)\n",
  });
  expect((await convert("owner/name/more")).stderr).toBe("mogao: owner/name/more: no such file\n");
});

test("Ctrl-C during a download ends with 130", async () => {
  await using hub = await FakeHub.start({ "ae.safetensors": { content: Buffer.alloc(1000), lfs: true } });
  hub.faults.stallAfter = 500;
  const env = { HF_ENDPOINT: hub.endpoint, MOGAO_CACHE: join(folder, "cache") };
  let press: () => void;
  const convert = ["convert", "--from", "flux-vae", hub.repository, "--out", join(folder, "vae")];
  const run = runFakeCli(convert, { env, control: (pressCtrlC) => (press = pressCtrlC) });
  while (hub.transfers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  press!();
  expect((await run).code).toBe(130);
});
