import type { RgbImage } from "../../../core/image.ts";
import { backgroundOf, componentsOf, mergeComponents, type Component } from "../components.ts";
import { cropOf } from "./crop.ts";
import type { CropLabel, LabelledPicture } from "./crop-scenes.ts";

export interface LabelledCrop {
  /** As `cropOf` makes it. */
  readonly planes: Float32Array;
  readonly label: CropLabel;
}

/** A component is of one object where at least this share of its owned pixels is of it, and of several below the second. */
const PURE = 0.92;
const MIXED = 0.78;
/** Of an object, a component shows enough at this share of its pixels, and a mere part below the second. */
const WHOLE = 0.78;
const PART = 0.45;
/** Pixels; smaller parts are left alone, as the judge drops them. */
const LEAST_AREA = 12;

/**
 * The components of a picture, cut out as the judge does, with what each shows: an object that is wholly in it; nothing where
 * it is a part of one or of several. What is neither clearly is left out. `image` is the picture after what befell it.
 */
export function labelledCrops({ owners, objects }: LabelledPicture, image: RgbImage, side: number): LabelledCrop[] {
  const background = backgroundOf(image);
  const found: LabelledCrop[] = [];
  const add = (component: Component, label: CropLabel) =>
    void found.push({ planes: cropOf(image, background, component, side), label });
  const ofObject = objects.map((): Component[] => []);
  for (const component of componentsOf(image, background)) {
    const hits = hitsOf(component, owners, image.width, objects.length);
    const owned = hits.reduce((sum, hit) => sum + hit, 0);
    if (component.area < LEAST_AREA || owned < component.area / 2) continue;
    const main = hits.indexOf(Math.max(...hits));
    const purity = hits[main]! / owned;
    if (purity < MIXED) add(component, null);
    else if (purity >= PURE) ofObject[main]!.push(component);
  }
  objects.forEach(({ label, area }, i) => {
    const parts = ofObject[i]!;
    if (parts.length === 0) return;
    const shareOf = (component: Component) => hitsOf(component, owners, image.width, objects.length)[i]! / area;
    const whole = mergeComponents(parts);
    if (shareOf(whole) >= WHOLE) add(whole, label);
    if (parts.length === 1 && shareOf(whole) >= PART) return;
    const [largest] = parts.filter((part) => shareOf(part) < PART);
    if (largest) add(largest, null);
  });
  return found;
}

/** How many of a component's pixels are of each object. */
function hitsOf({ box, mask }: Component, owners: Int8Array, width: number, objects: number): number[] {
  const hits = Array.from({ length: objects }, () => 0);
  for (let y = 0, i = 0; y < box.height; y++)
    for (let x = 0; x < box.width; x++, i++) {
      const owner = owners[(box.y + y) * width + box.x + x]!;
      if (mask[i] === 1 && owner >= 0) hits[owner]!++;
    }
  return hits;
}
