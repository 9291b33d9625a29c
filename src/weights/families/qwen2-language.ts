/** Qwen2 and Qwen2.5 as they are, to talk with: the text branch alone, also of their vision-language models. */
import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { fileInFolder } from "../../core/folder-file.ts";
import { readJson, readJsonIfPresent } from "../../core/json-file.ts";
import { schemaProblems } from "../../core/schema-problems.ts";
import { chatMarkup, readChatTemplate, type ChatMarkup } from "../../encoders/chat-markup.ts";
import { readTokenizerFiles } from "../../encoders/tokenizer-file.ts";
import { Tokenizer } from "../../encoders/tokenizer.ts";
import type { MogaoConfig } from "../../model/config.ts";
import type { PublicModel } from "../public-model.ts";
import { languageModelTypes, languagePart, qwen2, qwen2Config } from "./qwen2.ts";

/** Of images, the smallest sizes that a configuration may have: a language model has no parameters of these. */
const textAlone = {
  rope: "1d",
  fusion: "shared",
  imageContext: "none",
  latentSize: 1,
  conditionSize: 1,
  timeScale: 1,
} as const satisfies Partial<MogaoConfig>;

const tokenId = z.int().min(0);
const ends = z.union([tokenId, z.array(tokenId)]).nullish();
const lengthSchema = z.object({ max_position_embeddings: z.int().positive().optional(), eos_token_id: ends });
const generationSchema = z.object({
  eos_token_id: ends,
  do_sample: z.boolean().default(false),
  temperature: z.number().min(0).nullish(),
  top_p: z.number().positive().max(1).nullish(),
});

/**
 * What a folder of Qwen2 or Qwen2.5 holds: the network, and how it is talked with, which is what its chat template puts around messages (none:
 * texts are just continued), the tokens that end an answer, and how it samples.
 * @throws InputError naming the file and what is wrong with it
 */
export async function readQwen2(folder: string): Promise<PublicModel> {
  const path = await fileInFolder(folder, "config.json");
  const config = await readJson(path);
  // All three coordinates of a text's positions are the same, so that sections make no difference.
  const { ropeSections: _, ...language } = qwen2Config(config, path, languageModelTypes);
  const model: MogaoConfig = { ...textAlone, ...language };
  const { json, config: settings, path: tokenizerPath } = await readTokenizerFiles(folder);
  const tokenizer = new Tokenizer(json, settings, tokenizerPath);
  const template = await readChatTemplate(folder, settings);
  const markup = template === undefined ? plainText : await chatMarkup(template, settings, folder);
  const { max_position_embeddings: maxContext, eos_token_id: configEnds } = parsed(
    lengthSchema,
    languagePart(config),
    path,
  );
  const generationPath = await fileInFolder(folder, "generation_config.json");
  const usual = parsed(generationSchema, (await readJsonIfPresent(generationPath)) ?? {}, generationPath);
  const ends = [usual.eos_token_id ?? configEnds ?? []].flat();
  return {
    model,
    usage: {
      generation: {
        markup: { ...markup, ...(ends.length > 0 && { ends: ends.map((id) => endName(id, tokenizer, folder)) }) },
        opensImages: false,
        maxImages: 0,
        ...(maxContext !== undefined && { maxContext }),
        // Greedy, unless the checkpoint asks for samples.
        temperature: usual.do_sample ? (usual.temperature ?? 1) : 0,
        topP: (usual.do_sample && usual.top_p) || 1,
      },
    },
    weights: [{ path: folder, map: qwen2 }],
  };
}

/** Of a model that continues texts. */
const plainText: ChatMarkup = { opening: "", prompt: ["", ""], answer: ["", ""] };

function endName(id: number, tokenizer: Tokenizer, place: string): string {
  const name = tokenizer.specialName(id);
  if (name === undefined) throw new InputError(`${place}: eos_token_id: expected a special token, found ${id}`);
  return name;
}

function parsed<T>(schema: z.ZodType<T>, json: unknown, place: string): T {
  const result = schema.safeParse(json);
  if (!result.success) throw new InputError(`${place}: ${schemaProblems(result.error)}`);
  return result.data;
}
