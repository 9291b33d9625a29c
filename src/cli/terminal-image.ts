import { createImage, type RgbImage } from "../core/image.ts";
import { encodePng } from "../data/png.ts";
import { resizeImage } from "../encoders/resize.ts";
import type { Output } from "./context.ts";

/** How a terminal can show a picture, best first; `grey` draws with shaded characters, without colour. */
export type ImageStyle = "kitty" | "iterm" | "truecolor" | "256" | "grey" | "none";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the terminal says about itself in its environment (there is no asking a terminal that may not answer). */
export function imageStyle(env: Environment, output: Output): ImageStyle {
  const { TERM: term = "", TERM_PROGRAM: program = "" } = env;
  if (output.isTTY !== true || term === "dumb") return "none";
  if (env["NO_COLOR"]) return "grey";
  // Multiplexers swallow graphics.
  if (!env["TMUX"] && !/^(screen|tmux)/.test(term)) {
    if (env["KITTY_WINDOW_ID"] || /kitty|ghostty/.test(term) || program === "ghostty") return "kitty";
    if (/^(iTerm\.app|WezTerm|mintty)$/.test(program) || env["LC_TERMINAL"] === "iTerm2") return "iterm";
  }
  if (/truecolor|24bit/.test(env["COLORTERM"] ?? "") || env["WT_SESSION"] || term.endsWith("-direct"))
    return "truecolor";
  return "256";
}

/** The picture as text for the terminal, with a final newline; empty for `none`. Never wider than the terminal. */
export async function renderImage(image: RgbImage, style: ImageStyle, output: Output): Promise<string> {
  const columns = Math.max(1, (output.columns || 80) - 1);
  switch (style) {
    case "kitty":
      return kitty(await encodePng(image), Math.min(columns, graphicsColumns(image)));
    case "iterm":
      return iterm(await encodePng(image), Math.min(columns, graphicsColumns(image)));
    case "truecolor":
    case "256":
    case "grey":
      return cells(fit(image, columns, Math.max(2, (output.rows || 40) - 2)), style);
    case "none":
      return "";
  }
}

/** Small pictures are enlarged to be seen; a character is about 8 pixels wide. */
function graphicsColumns(image: RgbImage): number {
  return Math.max(24, Math.ceil(image.width / 8));
}

/** https://sw.kovidgoyal.net/kitty/graphics-protocol: a PNG in base64, in pieces of at most 4096 bytes. */
function kitty(png: Uint8Array, columns: number): string {
  const pieces = Buffer.from(png)
    .toString("base64")
    .match(/.{1,4096}/g)!;
  const encoded = pieces.map((piece, i) => {
    const control = i === 0 ? `a=T,f=100,q=2,c=${columns},` : "";
    return `\x1b_G${control}m=${i < pieces.length - 1 ? 1 : 0};${piece}\x1b\\`;
  });
  return `${encoded.join("")}\n`;
}

/** https://iterm2.com/documentation-images.html */
function iterm(png: Uint8Array, columns: number): string {
  return `\x1b]1337;File=inline=1;size=${png.length};width=${columns}:${Buffer.from(png).toString("base64")}\x07\n`;
}

/** Shrinks to at most columns × 2·rows pixels: a character cell shows two, one above the other. */
function fit(image: RgbImage, columns: number, rows: number): RgbImage {
  const scale = Math.min(1, columns / image.width, (2 * rows) / image.height);
  if (scale === 1) return image;
  const side = (length: number): number => Math.max(1, Math.round(length * scale));
  return resizeImage(image, side(image.width), side(image.height));
}

function cells(image: RgbImage, style: "truecolor" | "256" | "grey"): string {
  const even = image.height % 2 === 0 ? image : withRowBelow(image);
  let text = "";
  for (let y = 0; y < even.height; y += 2) {
    let colours = "";
    for (let x = 0; x < even.width; x++) {
      const upper = pixel(even, x, y);
      const lower = pixel(even, x, y + 1);
      if (style === "grey") {
        text += shade(upper, lower);
        continue;
      }
      const code = style === "truecolor" ? trueColour : paletteColour;
      const next = `\x1b[38;${code(upper)};48;${code(lower)}m`;
      if (next !== colours) text += next;
      colours = next;
      text += "▀";
    }
    text += style === "grey" ? "\n" : "\x1b[0m\n";
  }
  return text;
}

type Pixel = readonly [number, number, number];

function pixel({ data, width }: RgbImage, x: number, y: number): Pixel {
  const i = (y * width + x) * 3;
  return [data[i]!, data[i + 1]!, data[i + 2]!];
}

function withRowBelow(image: RgbImage): RgbImage {
  const taller = createImage(image.width, image.height + 1);
  taller.data.set(image.data);
  return taller;
}

const trueColour = ([r, g, b]: Pixel): string => `2;${r};${g};${b}`;

const cubeLevels = [0, 95, 135, 175, 215, 255];

/** The nearest of xterm's 6×6×6 cube (16-231) and its 24 greys (232-255). */
function paletteColour(colour: Pixel): string {
  const steps = colour.map((value) => nearest(cubeLevels, value));
  const inCube = steps.map((step) => cubeLevels[step]!);
  const grey = Math.min(23, Math.max(0, Math.round((colour.reduce((sum, value) => sum + value, 0) / 3 - 8) / 10)));
  const inGreys = colour.map(() => 8 + grey * 10);
  if (distance(inGreys, colour) < distance(inCube, colour)) return `5;${232 + grey}`;
  return `5;${16 + 36 * steps[0]! + 6 * steps[1]! + steps[2]!}`;
}

function nearest(levels: readonly number[], value: number): number {
  let best = 0;
  for (let i = 1; i < levels.length; i++) if (Math.abs(levels[i]! - value) < Math.abs(levels[best]! - value)) best = i;
  return best;
}

function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);
}

function shade(upper: Pixel, lower: Pixel): string {
  const luminance = ([r, g, b]: Pixel): number => 0.299 * r + 0.587 * g + 0.114 * b;
  const level = Math.round(((luminance(upper) + luminance(lower)) / 2 / 255) * 4);
  return " ░▒▓█"[level]!;
}
