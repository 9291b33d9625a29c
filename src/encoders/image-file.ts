import { readFile, stat } from "node:fs/promises";
import sharp, { type Metadata } from "sharp";
import { InputError } from "../core/errors.ts";
import type { RgbImage } from "../core/image.ts";
import { cmykToRgb, flattenOnWhite } from "./pixel-formats.ts";

/** Largest picture that is decoded, in pixels: 120 MB as RGB. */
export const maxInputPixels = 40_000_000;
const maxFileBytes = 256 * 1024 * 1024;

/** Reads a picture file; see {@link decodeImage}. */
export async function readImage(path: string): Promise<RgbImage> {
  return decodeImage(await readPictureFile(path), path);
}

/**
 * Decodes any still picture (PNG, JPEG, WebP, GIF, AVIF, TIFF, SVG; of several frames the first) to 8-bit sRGB: EXIF rotation applied,
 * transparency flattened on white, embedded colour profiles, CMYK, grey, palette and 16-bit samples converted. Equal to what
 * Pillow reads to within what JPEG decoders differ by, but that Pillow ignores profiles and clips 16-bit greys.
 * Sizes are checked before a pixel is decoded. What is not a picture, is damaged or has more than {@link maxInputPixels} throws
 * `InputError`, whose message opens with `name`.
 */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<RgbImage> {
  if (bytes.length === 0) throw new InputError(`${name}: not an image: the file is empty`);
  const { width, height, space, channels, icc } = await readHeader(bytes, name);
  if (width * height > maxInputPixels)
    throw new InputError(
      `${name}: too large: ${width}×${height} is ${megapixels(width * height)} megapixels, at most ${megapixels(maxInputPixels)} are read`,
    );
  try {
    // Without a profile the inks mean what Pillow and browsers take them for; libvips assumes a printer's.
    const isPlainCmyk = space === "cmyk" && channels === 4 && icc === undefined;
    const upright = sharp(bytes, { limitInputPixels: maxInputPixels }).autoOrient();
    const { data, info } = await (
      isPlainCmyk ? upright.pipelineColourspace("cmyk").toColourspace("cmyk") : upright.toColourspace("srgb")
    )
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    const rgb = isPlainCmyk ? cmykToRgb(pixels) : info.channels === 4 ? flattenOnWhite(pixels) : pixels;
    return { width: info.width, height: info.height, data: rgb };
  } catch (error) {
    throw new InputError(`${name}: damaged image: ${firstLine(error)}`);
  }
}

/** What the file says of itself before its pixels. */
async function readHeader(bytes: Uint8Array, name: string): Promise<Metadata> {
  try {
    return await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (error) {
    const reason = firstLine(error);
    throw new InputError(
      reason.includes("unsupported image format")
        ? `${name}: not an image of a known format (PNG, JPEG, WebP, GIF, AVIF, TIFF, SVG)`
        : `${name}: damaged image: ${reason}`,
    );
  }
}

async function readPictureFile(path: string): Promise<Uint8Array> {
  // Read here, not by libvips: it caches by path and would return the old picture after a file was replaced.
  try {
    const entry = await stat(path);
    if (!entry.isFile()) throw new InputError(`${path}: expected an image file, found a folder, pipe or device`);
    if (entry.size > maxFileBytes)
      throw new InputError(`${path}: too large: ${entry.size} bytes, at most ${maxFileBytes} are read`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    throw new InputError(`${path}: ${code === "ENOENT" ? "no such file" : `cannot be read (${code})`}`);
  }
}

function megapixels(pixels: number): string {
  return (pixels / 1e6).toFixed(pixels % 1e6 === 0 ? 0 : 1);
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/^Input buffer has corrupt header:\s*/, "its header is corrupt. ")
    .split("\n", 1)[0]!
    .trim();
}
