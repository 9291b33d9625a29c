/** Classifier-free guidance on text and on images (Eq. 10-11). */

/** What a branch of guidance sees: the whole context, its images without its text, or nothing. */
export type Condition = "full" | "images" | "none";

/** A network evaluation that takes part in the guided velocity, and its factor. */
export interface GuidanceBranch {
  readonly condition: Condition;
  readonly weight: number;
}

export interface GuidanceScales {
  /** γ: how strongly the velocity follows the text. */
  readonly text: number;
  /** γ_img: how strongly it follows the images of the context. */
  readonly image: number;
  /**
   * `paper`: v = γ·(v(img,txt) − v(img)) + γ_img·(v(img) − v(∅)) + v(∅), Eq. 11.
   * `nested`: γ_img also scales the text's part, as in BAGEL: v = v(∅) + γ_img·(v(img) + γ·(v(img,txt) − v(img)) − v(∅)).
   */
  readonly form?: "paper" | "nested";
}

/**
 * The branches to evaluate, `full` first. The velocity is linear in them, and those of weight 0 are left out: γ = γ_img
 * leaves two (Eq. 10), γ = γ_img = 1 one. Without images in the context v(img) is v(∅).
 */
export function guidanceBranches(scales: GuidanceScales, contextHasImages: boolean): GuidanceBranch[] {
  const { text, image, form = "paper" } = scales;
  const full = form === "nested" && contextHasImages ? image * text : text;
  if (!contextHasImages) return branches([full, 0, 1 - full]);
  return branches([full, image - full, 1 - image]);
}

function branches([full, images, none]: readonly [number, number, number]): GuidanceBranch[] {
  const all: GuidanceBranch[] = [
    { condition: "full", weight: full },
    { condition: "images", weight: images },
    { condition: "none", weight: none },
  ];
  return all.filter(({ condition, weight }) => condition === "full" || weight !== 0);
}

/** Σ weight · velocity over the branches; `velocities` [branches, n] → `into` [n]. */
export function combineVelocities(velocities: Float32Array, weights: readonly number[], into: Float32Array): void {
  const n = into.length;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let branch = 0; branch < weights.length; branch++) sum += weights[branch]! * velocities[branch * n + i]!;
    into[i] = sum;
  }
}

/** Guidance lengthens velocities; this shortens them again to the length that the conditional branch has. */
export interface Renormalisation {
  /** Over all numbers of an image, or for each token apart. */
  readonly over: "image" | "token";
  /** The factor is at least this; it is never above 1. */
  readonly least: number;
}

/** Scales `guided` [n] in place so that its norm is at most that of `conditional` [n]. `tokenSize` divides n. */
export function renormalise(
  guided: Float32Array,
  conditional: Float32Array,
  tokenSize: number,
  { over, least }: Renormalisation,
): void {
  const size = over === "token" ? tokenSize : guided.length;
  for (let start = 0; start < guided.length; start += size) {
    let wanted = 0;
    let found = 0;
    for (let i = start; i < start + size; i++) {
      wanted += conditional[i]! ** 2;
      found += guided[i]! ** 2;
    }
    if (found <= wanted) continue;
    const factor = Math.max(least, Math.sqrt(wanted / found));
    for (let i = start; i < start + size; i++) guided[i]! *= factor;
  }
}
