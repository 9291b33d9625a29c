import { copyFile, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runFakeCli } from "../../tests/support/fake-cli.ts";
import { referenceFolder } from "../../tests/support/reference-folder.ts";
import { openSafetensors, writeSafetensors, type TensorToWrite } from "./safetensors.ts";
import { readParameters } from "./read-parameters.ts";
import { createVit } from "../encoders/vision-transformer.ts";
import { ParameterScope } from "../nn/parameters.ts";
import { convertVit, findVit, type VitCheckpoint } from "./vit-files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mogao-vit-"));
});
afterEach(() => rm(folder, { recursive: true }));

function weightsOf({ config, path, read }: VitCheckpoint) {
  const scope = new ParameterScope();
  createVit(scope.at("vit"), config);
  return readParameters(path, scope.all, read);
}

test.each(["qwen2-vl-vision", "qwen2.5-vl-vision"])("%s is stored with the same numbers", async (family) => {
  const theirs = await findVit(referenceFolder(family));
  const { parameters } = await convertVit(referenceFolder(family), folder);
  const ours = await findVit(folder);
  expect(ours.config).toEqual(theirs.config);
  const [before, after] = [await weightsOf(theirs), await weightsOf(ours)];
  expect(after).toEqual(before);
  expect([...after.values()].reduce((sum, { length }) => sum + length, 0)).toBe(parameters);
});

/** A checkpoint as newer versions of transformers write it, beside a tensor of the language model. */
async function writeRenamed(family: string, name: (theirs: string, at: number) => readonly string[]) {
  await copyFile(join(referenceFolder(family), "config.json"), join(folder, "config.json"));
  const file = await openSafetensors(referenceFolder(family));
  const tensors = await Promise.all(
    file.names.map(async (theirs, at) => {
      const tensor = await file.read(theirs);
      return name(theirs, at).map((renamed) => ({ name: renamed, ...tensor }));
    }),
  );
  await file.close();
  const language = { name: "model.language_model.norm.weight", dtype: "F32", shape: [1], data: new Float32Array(1) };
  await writeSafetensors(join(folder, "model.safetensors"), [...tensors.flat(), language as TensorToWrite]);
}

test.each(["qwen2-vl-vision", "qwen2.5-vl-vision"])("%s is read under its newer names, too", async (family) => {
  await writeRenamed(family, (theirs) => [`model.${theirs}`]);
  expect(await weightsOf(await findVit(folder))).toEqual(await weightsOf(await findVit(referenceFolder(family))));
});

test("a checkpoint that holds a tensor under both names is refused", async () => {
  await writeRenamed("qwen2-vl-vision", (theirs, at) => (at === 0 ? [theirs, `model.${theirs}`] : [theirs]));
  await expect(findVit(folder).then(weightsOf)).rejects.toThrow(/it has unknown model\.visual\.blocks\.0\.[\w.]+$/);
});

test("convert --from qwen2-vl says that only the vision transformer is taken", async () => {
  const vision = referenceFolder("qwen2-vl-vision");
  const out = join(folder, "vit");
  const { code, stdout } = await runFakeCli(["convert", "--from", "qwen2-vl", vision, "--out", out]);
  expect([code, stdout]).toEqual([
    0,
    `${out}: a vision transformer of 83,968 parameters; the language model of the checkpoint is not taken\n`,
  ]);
  expect((await readdir(out)).sort()).toEqual(["vit.json", "vit.safetensors"]);
});

test("what is not a vision transformer is refused in one line, and nothing is written", async () => {
  await copyFile(join(referenceFolder("qwen2-vl-vision"), "config.json"), join(folder, "config.json"));
  await copyFile(join(referenceFolder("qwen2"), "model.safetensors"), join(folder, "model.safetensors"));
  const out = join(folder, "out");
  const wrong = await runFakeCli(["convert", "--from", "qwen2-vl", folder, "--out", out]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/^mogao: .*does not hold this model: it lacks visual\..*\n$/);
  await expect(readdir(out)).rejects.toThrow(/ENOENT/);
  await writeFile(join(folder, "vit.json"), "{}");
  await expect(findVit(folder)).rejects.toThrow(`${join(folder, "vit.json")}: not the configuration of a vision`);
});
