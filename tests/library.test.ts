import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createImage, InputError, load } from "../src/index.ts";
import { tinyModel } from "../src/generate/testing.ts";
import { saveModelFolder } from "../src/weights/model-folder.ts";

test("a model from its folder: generate, chat, dispose", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mogao-load-"));
  try {
    await saveModelFolder(folder, tinyModel());
    const model = await load({ model: folder, threads: 1 });
    expect(model).toMatchObject({ device: "cpu", config: { name: "tiny" } });
    const prompt = ["Draw ", { type: "image", image: createImage(40, 20) }] as const;
    const { images } = await model.generate(prompt, { seed: 1, output: "image", maxImages: 1 });
    expect(images).toMatchObject([{ width: 32, height: 32 }]);
    const chat = model.chat();
    await chat.send("Hello", { seed: 1, output: "text" });
    expect(chat.history.length).toBe(2);
    model.dispose();
    await expect(model.generate("again")).rejects.toThrow("disposed");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("no folder, no model; no threads, no runtime", async () => {
  await expect(load({ model: join(tmpdir(), "no such model") })).rejects.toThrow(InputError);
  await expect(load({ threads: 0 })).rejects.toThrow("threads");
});
