import type { RgbImage } from "../../core/image.ts";
import { nameColour } from "../../data/world/colours.ts";
import type { Component } from "./components.ts";

/** Where less of a thin component lies within its rim, the rim counts too. */
const LEAST_INNER = 0.2;

/** The name that most pixels of a component have; its rim, where the background shines through, does not count. */
export function colourOfComponent(image: RgbImage, { box, mask, area }: Component): string {
  const [all, inner] = [new Map<string, number>(), new Map<string, number>()];
  let innerArea = 0;
  for (let y = 0, i = 0; y < box.height; y++) {
    let from = ((box.y + y) * image.width + box.x) * 3;
    for (let x = 0; x < box.width; x++, i++, from += 3) {
      if (mask[i] === 0) continue;
      const name = nameColour([image.data[from]!, image.data[from + 1]!, image.data[from + 2]!]);
      all.set(name, (all.get(name) ?? 0) + 1);
      const atEdge = x === 0 || y === 0 || x === box.width - 1 || y === box.height - 1;
      if (atEdge || !(mask[i - 1]! & mask[i + 1]! & mask[i - box.width]! & mask[i + box.width]!)) continue;
      inner.set(name, (inner.get(name) ?? 0) + 1);
      innerArea++;
    }
  }
  const counts = innerArea >= LEAST_INNER * area ? inner : all;
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}
