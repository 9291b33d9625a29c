import { InputError } from "../core/errors.ts";
import type { RgbImage } from "../core/image.ts";
import type { ImagePart, Part, TextPart } from "./types.ts";

/** A picture to be read from a file (by its path or URL) or decoded from a file's bytes. Not in browsers. */
export interface EncodedImagePart {
  readonly type: "image";
  readonly image: string | URL | Uint8Array;
}

/** What a prompt may be given as: one text, or parts in order. */
export type PromptInput = string | readonly (string | Part | EncodedImagePart)[];

/** Reads pictures and joins neighbouring texts. Throws InputError naming the part that is wrong. */
export async function readPrompt(prompt: PromptInput): Promise<Part[]> {
  const given = typeof prompt === "string" ? [prompt] : prompt;
  if (!Array.isArray(given)) throw new InputError(`prompt: expected a text or a list of parts, found ${typeof prompt}`);
  const parts: Part[] = [];
  for (const [i, item] of (given as readonly unknown[]).entries()) {
    const part = await readPart(item, `prompt, part ${i + 1}`);
    const last = parts.at(-1);
    if (part.type === "text" && part.text === "") continue;
    if (part.type === "text" && last?.type === "text")
      parts[parts.length - 1] = { type: "text", text: joinTexts(last.text, part.text) };
    else parts.push(part);
  }
  if (parts.length === 0) throw new InputError("prompt: expected a text or a picture, found nothing");
  return parts;
}

/** Separate words stay separate. */
function joinTexts(a: string, b: string): string {
  return /\s$/.test(a) || /^\s/.test(b) ? a + b : `${a} ${b}`;
}

async function readPart(item: unknown, place: string): Promise<TextPart | ImagePart> {
  if (typeof item === "string") return { type: "text", text: item };
  const part = (item ?? {}) as Partial<Record<string, unknown>>;
  if (part["type"] === "text" && typeof part["text"] === "string") return { type: "text", text: part["text"] };
  if (part["type"] !== "image")
    throw new InputError(`${place}: expected a text or a part of type "text" or "image", found ${describe(item)}`);
  const { image } = part;
  if (typeof image === "string" || image instanceof URL || image instanceof Uint8Array)
    return { type: "image", image: await readPicture(image, place) };
  return { type: "image", image: checkImage(image, place) };
}

async function readPicture(image: string | URL | Uint8Array, place: string): Promise<RgbImage> {
  const files = await import("../encoders/image-file.ts");
  if (image instanceof Uint8Array) return files.decodeImage(image, place);
  if (typeof image === "string") return files.readImage(image);
  const { fileURLToPath } = await import("node:url");
  if (image.protocol !== "file:") throw new InputError(`${place}: expected a file: URL, found ${image.protocol}`);
  return files.readImage(fileURLToPath(image));
}

function checkImage(image: unknown, place: string): RgbImage {
  const { width, height, data } = (image ?? {}) as Partial<RgbImage>;
  if (!isSide(width) || !isSide(height) || !(data instanceof Uint8Array))
    throw new InputError(`${place}: expected an image of width, height and data (RGB bytes), found ${describe(image)}`);
  if (data.length !== width * height * 3)
    throw new InputError(`${place}: ${width}×${height} RGB takes ${width * height * 3} bytes, found ${data.length}`);
  return { width, height, data };
}

function isSide(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function describe(value: unknown): string {
  if (value === null || typeof value !== "object") return String(value);
  const keys = Object.keys(value).slice(0, 5);
  return keys.length === 0 ? "an empty object" : `an object with ${keys.join(", ")}`;
}
