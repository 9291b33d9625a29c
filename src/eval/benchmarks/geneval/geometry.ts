/** Left, top, right, bottom in pixels; float32, as detectors give them. */
export type Box = readonly [number, number, number, number];

export type Relation = "left of" | "right of" | "above" | "below";

/** Offsets below this count as none. */
const NOTHING = 1e-3;
/** A direction holds when it makes up more than this part of the offset. */
const DIRECTION = 0.5;
const f32 = Math.fround;

/**
 * Where `a` lies relative to `b`: from the offset of their centres, less `slack` times the sum of their sizes. In float32
 * step by step, as NumPy computes it.
 */
export function relations(a: Box, b: Box, slack: number): Relation[] {
  const offset = [0, 1].map((axis) => f32(centre(a, axis) - centre(b, axis)));
  const revised = offset.map((distance, axis) => {
    const allowance = f32(f32(slack) * f32(size(a, axis) + size(b, axis)));
    return f32(Math.max(f32(Math.abs(distance) - allowance), 0) * Math.sign(distance));
  });
  if (revised.every((distance) => Math.abs(distance) < f32(NOTHING))) return [];
  const length = f32(Math.sqrt(offset.reduce((sum, distance) => f32(sum + f32(distance * distance)), 0)));
  const [dx, dy] = revised.map((distance) => f32(distance / length)) as [number, number];
  const found: Relation[] = [];
  if (dx < -DIRECTION) found.push("left of");
  if (dx > DIRECTION) found.push("right of");
  if (dy < -DIRECTION) found.push("above");
  if (dy > DIRECTION) found.push("below");
  return found;
}

function centre(box: Box, axis: number): number {
  return f32(f32(f32(box[axis]!) + f32(box[axis + 2]!)) / 2);
}

function size(box: Box, axis: number): number {
  return Math.abs(f32(f32(box[axis + 2]!) - f32(box[axis]!)));
}

/** Intersection over union, of areas that count the pixel at both ends. */
export function overlap(a: Box, b: Box): number {
  const common: Box = [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
  const intersection = area(common);
  const union = f32(f32(area(a) + area(b)) - intersection);
  return union === 0 ? 0 : f32(intersection / union);
}

function area(box: Box): number {
  const side = (axis: number) => Math.max(f32(f32(f32(box[axis + 2]!) - f32(box[axis]!)) + 1), 0);
  return f32(side(0) * side(1));
}
