/**
 * From interleaved content to rows of the two branches, with positions (Fig. 4a), places for the attention rule
 * (attends.ts) and targets. Efficient Complete Teacher Forcing (Sec. 3.3): every image with a loss gets noisy copies
 * beside its clean tokens, so that one pass trains all images of a sample.
 */
import type { TokenKind, TokenPlace } from "./attends.ts";
import { paperLayout, type ImageLayout } from "./config.ts";

/** Content of a sequence. Markers are ordinary text, unless an image brings its own. */
export type SequencePart = TextRun | ImageGroup;

export interface TextRun {
  readonly type: "text";
  readonly ids: readonly number[];
  /** Whether the model learns to predict these tokens. */
  readonly loss: boolean;
}

/** Tokens of an image, down and across. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

/** The grid is the VAE's, and the ViT's unless that has one of its own. */
export interface ImageGroup extends Grid {
  readonly type: "image";
  /** The caller's name for the image: its place in a list of images. */
  readonly image: number;
  readonly vitGrid?: Grid | undefined;
  /** Clean tokens that later tokens see. */
  readonly vit: boolean;
  readonly vae: boolean;
  /** Noisy copies, each with a time of its own; 0 for an image that is only context. */
  readonly copies: number;
  /** Ids of the markers inside each of its groups; needed exactly where the layout has them there. */
  readonly markers?: Markers | undefined;
  /** Position at which its VAE groups begin, instead of the running one; see {@link ImageLayout.drawsInPlace}. */
  readonly position?: number | undefined;
}

export interface Markers {
  readonly start: number;
  readonly end: number;
}

/** Coordinates (T, H, W) of a rotary position. */
export type Position = readonly [number, number, number];

/** A place on an image's grid. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** Places of a grid, row by row. */
export function gridCells({ rows, columns }: Grid): Cell[] {
  return Array.from({ length: rows * columns }, (_, i) => ({ row: Math.floor(i / columns), column: i % columns }));
}

/** A row of the text branch: text, a marker or a ViT token. */
export interface TextRow extends TokenPlace {
  /** Markers inside a group have the group's kind. */
  readonly kind: TokenKind;
  readonly position: Position;
  /** Token id; for a ViT token, −1. */
  readonly id: number;
  /** Id of the next text token where it carries a loss, else −1. */
  readonly target: number;
  /** Image that a ViT token or marker belongs to, else −1. */
  readonly image: number;
  /** Number of a ViT token, else −1. */
  readonly token: number;
}

export interface VisualRow extends TokenPlace {
  readonly kind: "clean" | "noisy";
  readonly position: Position;
  readonly image: number;
  readonly token: number;
  readonly cell: Cell;
}

export interface Sequence {
  readonly text: readonly TextRow[];
  readonly visual: readonly VisualRow[];
  /** Order (and T) of the token that would come next. */
  readonly next: number;
  /** Order of the first ViT group that stands apart in T, once there is one; see {@link ImageLayout.vitTime}. */
  readonly vitOrigin: number | undefined;
}

export interface SequenceBuildOptions {
  /** Tags every token (packing). */
  readonly sample?: number | undefined;
  /** Order of the first token (continuing a cached context). */
  readonly start?: number | undefined;
  readonly layout?: ImageLayout | undefined;
  /** What the sequence that is continued says of it. */
  readonly vitOrigin?: number | undefined;
}

export function buildSequence(
  parts: readonly SequencePart[],
  { sample = 0, start = 0, layout = paperLayout, vitOrigin }: SequenceBuildOptions = {},
): Sequence {
  const text: TextRow[] = [];
  const visual: VisualRow[] = [];
  let order = start;
  /** The last text token, as long as no image has come after it: the next text token is its target. */
  let previous = -1;
  for (const part of parts) {
    if (part.type === "text") {
      for (const id of part.ids) {
        if (previous >= 0 && part.loss) text[previous] = { ...text[previous]!, target: id };
        previous = text.length;
        const position = [order, order, order] as const;
        text.push({ kind: "text", sample, order, copy: 0, position, id, target: -1, image: -1, token: -1 });
        order++;
      }
      continue;
    }
    previous = -1;
    const { image, markers, vitGrid = part } = part;
    /** Adds a group that begins at `order`; returns how far it reaches. */
    const add = (kind: Exclude<TokenKind, "text">, grid: Grid, copy: number): number => {
      const from = kind === "vit" ? order : (part.position ?? order);
      const apart = kind === "vit" && part.vae && layout.vitTime !== undefined;
      if (apart) vitOrigin ??= order;
      const shift = apart ? layout.vitTime - vitOrigin! : 0;
      const positions = groupPositions(grid, layout, markers !== undefined, from, shift);
      const place = { sample, order, copy, image };
      const marker = (id: number, position: Position) =>
        text.push({ ...place, kind, position, id, target: -1, token: -1 });
      if (markers) marker(markers.start, positions.start);
      gridCells(grid).forEach((cell, token) => {
        const position = positions.token(cell);
        if (kind === "vit") text.push({ ...place, kind, position, id: -1, target: -1, token });
        else visual.push({ ...place, kind, position, token, cell });
      });
      if (markers) marker(markers.end, positions.end);
      return positions.extent;
    };
    let end = order;
    for (let copy = 0; copy < part.copies; copy++) end = order + add("noisy", part, copy);
    const vit = () => (part.vit ? add("vit", vitGrid, 0) : 0);
    const vae = () => (part.vae ? add("clean", part, 0) : 0);
    if (layout.groups === "shared") {
      vit();
      vae();
      order += groupPositions(part, layout, false, order).extent;
    } else {
      for (const group of layout.groups === "vae-vit" ? [vae, vit] : [vit, vae]) order += group();
      order = Math.max(order, end);
    }
  }
  return { text, visual, next: order, vitOrigin };
}

/**
 * Positions of a group's tokens and of the markers around them, moved by `shift` in T alone; `extent`: from its first position to what
 * follows.
 */
function groupPositions(grid: Grid, layout: ImageLayout, inside: boolean, from: number, shift = 0) {
  const text = (position: number): Position => [position + shift, position, position];
  if (layout.positions === "step")
    return {
      token: ({ row, column }: Cell): Position => [from + shift, row, column],
      start: text(from),
      end: text(from),
      extent: 1,
    };
  const first = inside ? from + 1 : from;
  const end = first + Math.max(grid.rows, grid.columns);
  return {
    token: ({ row, column }: Cell): Position => [first + shift, first + row, first + column],
    start: text(from),
    end: text(end),
    extent: end + (inside ? 1 : 0) - from,
  };
}
