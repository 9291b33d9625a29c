/**
 * Entry of the child process that draws icons with resvg, which aborts its process on some of them. Standard input: a
 * {@link RasteriseJob} as JSON. Standard output: for each icon in order one status byte (1 drawn, 0 missing) and, if
 * drawn, size × size × 4 bytes of straight RGBA.
 */
import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { Resvg } from "@resvg/resvg-js";
import { resamplePremultiplied, unpremultiplyInPlace } from "./resample.ts";

export interface RasteriseJob {
  readonly size: number;
  /** Share of the square's side that the longer side of the drawing fills. */
  readonly fill: number;
  readonly icons: readonly { readonly package: string; readonly icon: string }[];
}

interface IconSet {
  readonly icons: Readonly<
    Record<string, { body: string; left?: number; top?: number; width?: number; height?: number }>
  >;
  readonly aliases?: Readonly<Record<string, { parent: string }>>;
  readonly width?: number;
  readonly height?: number;
}

/** Drawn this much larger, so that cropping and averaging lose nothing. */
const OVERSAMPLING = 3;
/** Fainter pixels (shadows' ends, anti-aliasing) do not count as content when cropping. */
const CONTENT_ALPHA = 16;

const require = createRequire(import.meta.url);
const sets = new Map<string, IconSet>();

function iconSet(name: string): IconSet {
  let set = sets.get(name);
  if (!set) {
    set = JSON.parse(readFileSync(require.resolve(`${name}/icons.json`), "utf8")) as IconSet;
    sets.set(name, set);
  }
  return set;
}

/** The icon as a complete SVG document, or null if the set lacks it. */
function svgOf(set: IconSet, icon: string): string | null {
  const found = set.icons[set.aliases?.[icon]?.parent ?? icon];
  if (!found) return null;
  const box = [found.left ?? 0, found.top ?? 0, found.width ?? set.width ?? 16, found.height ?? set.height ?? 16];
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${box.join(" ")}">${found.body}</svg>`;
}

/** Draws, crops to the content, centres it in a square and scales; straight RGBA, or null if nothing is visible. */
function draw(svg: string, size: number, fill: number): Uint8Array | null {
  const options = { fitTo: { mode: "width", value: size * OVERSAMPLING }, font: { loadSystemFonts: false } } as const;
  const { width, height, pixels } = new Resvg(svg, options).render();
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (pixels[(y * width + x) * 4 + 3]! < CONTENT_ALPHA) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = y + 1;
    }
  }
  if (right <= left) return null;
  const side = Math.max(right - left, bottom - top) / fill;
  const window = { x: (left + right - side) / 2, y: (top + bottom - side) / 2, side };
  const rgba = resamplePremultiplied(pixels, width, height, size, window);
  unpremultiplyInPlace(rgba);
  return rgba;
}

function writeAll(bytes: Uint8Array): void {
  // The pipe may be full: synchronous writes then fail with EAGAIN and are tried again.
  for (let from = 0; from < bytes.length;) {
    try {
      from += writeSync(1, bytes, from);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}

const job = JSON.parse(readFileSync(0, "utf8")) as RasteriseJob;
for (const { package: name, icon } of job.icons) {
  const svg = svgOf(iconSet(name), icon);
  const rgba = svg === null ? null : draw(svg, job.size, job.fill);
  writeAll(Uint8Array.of(rgba ? 1 : 0));
  if (rgba) writeAll(rgba);
}
