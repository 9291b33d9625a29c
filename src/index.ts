import type { LoadFolderOptions } from "./generate/load-folder.ts";
import type { LoadedMogao } from "./generate/loaded-mogao.ts";

export { InputError, MogaoError } from "./core/errors.ts";
export { createImage, type RgbImage } from "./core/image.ts";
export type { LoadedChat, LoadedMogao } from "./generate/loaded-mogao.ts";
export { drawAfter } from "./generate/next-part.ts";
export type { EncodedImagePart, PromptInput } from "./generate/prompt.ts";
export type {
  AnswerSoFar,
  BatchOptions,
  ChatSession,
  DrawingOptions,
  FinishReason,
  GenerateEvent,
  GenerateOptions,
  GenerateResult,
  Generation,
  ImagePart,
  Mogao,
  NextPart,
  NextPartRule,
  OutputMode,
  Part,
  PictureSize,
  Prompt,
  TextPart,
  Usage,
} from "./generate/types.ts";
export type LoadOptions = LoadFolderOptions;

/**
 * Loads a model into memory: the one that ships with the package, or that of a folder.
 *
 * ```ts
 * const model = await load();
 * const { text, images } = await model.generate("Draw a red apple.");
 * ```
 *
 * @throws InputError where the folder is not a model's, MogaoError where the device is not available
 */
export async function load(options: LoadOptions = {}): Promise<LoadedMogao> {
  // Imported here, so that this module itself loads anywhere.
  const { loadFolder } = await import("./generate/load-folder.ts");
  return loadFolder(options);
}
