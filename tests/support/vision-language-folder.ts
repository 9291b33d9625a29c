/** The tiny language model of the references as the language model of a Qwen2.5-VL checkpoint, with a tensor of its ViT beside it. */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSafetensors, writeSafetensors } from "../../src/weights/safetensors.ts";
import { referenceFolder } from "./reference-folder.ts";

export type VisionLanguageLayout = "published" | "newer";

/** As published, or as newer versions of transformers write such a model: names, configuration and chat template. */
export async function writeVisionLanguageFolder(folder: string, layout: VisionLanguageLayout): Promise<void> {
  const from = referenceFolder("qwen2-chat");
  const isNewer = layout === "newer";
  await mkdir(folder, { recursive: true });
  for (const name of ["generation_config.json", "merges.txt", "vocab.json"])
    await copyFile(join(from, name), join(folder, name));
  const read = async (name: string) => JSON.parse(await readFile(join(from, name), "utf8")) as Record<string, unknown>;
  const write = (name: string, json: object) => writeFile(join(folder, name), JSON.stringify(json));

  const { tie_word_embeddings, rope_parameters: _, ...language } = await read("config.json");
  const sections = { type: "mrope", mrope_section: [1, 1, 2] };
  const text = { ...language, rope_theta: 1_000_000, rope_scaling: sections };
  await write(
    "config.json",
    isNewer
      ? { model_type: "qwen2_5_vl", tie_word_embeddings, text_config: { ...text, model_type: "qwen2_5_vl_text" } }
      : { ...text, model_type: "qwen2_5_vl", tie_word_embeddings },
  );
  const { chat_template, ...tokenizer } = await read("tokenizer_config.json");
  await write("tokenizer_config.json", isNewer ? tokenizer : { ...tokenizer, chat_template });
  if (isNewer) await write("chat_template.json", { chat_template });

  const file = await openSafetensors(from);
  const tensors = await Promise.all(
    file.names.map(async (name) => ({
      ...(await file.read(name)),
      name: isNewer ? name.replace(/^model\./, "model.language_model.") : name,
    })),
  );
  await file.close();
  const vision = `${isNewer ? "model." : ""}visual.patch_embed.proj.weight`;
  await writeSafetensors(join(folder, "model.safetensors"), [
    ...tensors,
    { name: vision, dtype: "F32", shape: [1], data: new Float32Array(1) },
  ]);
}
