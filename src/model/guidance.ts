/** Classifier-free guidance on text and on images: Eq. 10-11, and BAGEL's nested form of it. */

/**
 * What a branch of guidance sees: the whole context; its images without its text; nothing; what came before the last text;
 * its texts without its images.
 */
export type Condition = "full" | "images" | "none" | "before-text" | "texts";

export const renormalisationKinds = ["global", "channel", "text_channel"] as const;

/** Plain guidance lengthens velocities; this shortens them again to the length that the conditional one has. */
export interface Renormalisation {
  /** `global`: over all numbers of an image. `channel`: each token apart. `text_channel`: each token, before images guide. */
  readonly over: (typeof renormalisationKinds)[number];
  /** The factor is at least this (1 changes nothing), and never above 1. */
  readonly least: number;
}

export interface GuidanceRule {
  /**
   * `paper`: v(img) + γ·(v(full) − v(img)) + (γ_img − 1)·(v(img) − v(∅)), which is Eq. 11; Lance's with γ_img = 1.
   * `nested`: first v_t = v(before-text) + γ·(v(full) − v(before-text)), then v(texts) + γ_img·(v_t − v(texts)): BAGEL's.
   */
  readonly form: "paper" | "nested";
  /** γ: how strongly the velocity follows the text. */
  readonly text: number;
  /** γ_img: how strongly it follows the images of the context. */
  readonly image: number;
  readonly renormalisation?: Renormalisation | undefined;
}

/**
 * The conditions whose velocities {@link guide} needs, `full` first; what has no weight is not computed. In the paper's form
 * γ_img = γ leaves two (Eq. 10), γ = γ_img = 1 one, and without images in the context v(img) is v(∅), whatever γ_img.
 */
export function guidanceConditions(rule: GuidanceRule, contextHasImages: boolean): Condition[] {
  const { form, text, image, renormalisation } = rule;
  const wanted = (condition: Condition, needed: boolean): Condition[] => (needed ? [condition] : []);
  if (form === "nested") return ["full", ...wanted("before-text", text !== 1), ...wanted("texts", image !== 1)];
  if (!contextHasImages) return ["full", ...wanted("none", text !== 1)];
  const middle = text !== image || (renormalisation?.over === "text_channel" && text !== 1);
  return ["full", ...wanted("images", middle), ...wanted("none", image !== 1)];
}

type Numbers = Float32Array | Float64Array;

/**
 * Writes the guided velocity [tokens, tokenSize] into `into`. `velocities` are those of {@link guidanceConditions}, each as
 * long as `into`, and stay as they are.
 */
export function guide(
  { form, text, image, renormalisation }: GuidanceRule,
  velocities: Partial<Record<Condition, Numbers>> & { readonly full: Numbers },
  tokenSize: number,
  into: Numbers,
): void {
  const { full, none, texts } = velocities;
  const withoutText = form === "nested" ? velocities["before-text"] : (velocities.images ?? none);
  into.set(full);
  if (!withoutText && !texts) return; // nothing guides: not even rounding may change it
  const { over, least = 1 } = renormalisation ?? {};
  if (withoutText) {
    for (let i = 0; i < into.length; i++) into[i] = withoutText[i]! + text * (full[i]! - withoutText[i]!);
    if (over === "text_channel") renormalise(into, full, tokenSize, least);
  }

  if (form === "nested") {
    if (texts) for (let i = 0; i < into.length; i++) into[i] = texts[i]! + image * (into[i]! - texts[i]!);
  } else if (none && velocities.images) {
    for (let i = 0; i < into.length; i++) into[i]! += (image - 1) * (velocities.images[i]! - none[i]!);
  }
  if (over === "global") renormalise(into, full, into.length, least);
  if (over === "channel") renormalise(into, full, tokenSize, least);
}

/** Where `guided` is nothing, the quotient stays finite. */
const EPSILON = 1e-8;

/** Scales each `size` numbers of `guided` by ‖conditional‖ / ‖guided‖, kept between `least` and 1. */
function renormalise(guided: Numbers, conditional: Numbers, size: number, least: number): void {
  for (let start = 0; start < guided.length; start += size) {
    let wanted = 0;
    let found = 0;
    for (let i = start; i < start + size; i++) {
      wanted += conditional[i]! ** 2;
      found += guided[i]! ** 2;
    }
    const factor = Math.min(Math.max(Math.sqrt(wanted) / (Math.sqrt(found) + EPSILON), least), 1);
    for (let i = start; i < start + size; i++) guided[i]! *= factor;
  }
}

/**
 * Whether guidance is on at time t (1 is data). The interval is told as the share of noise 1 − t, of the shifted time: on
 * where from < 1 − t ≤ to; [0, 1] is always on, the last evaluation of Heun's rule at t = 1 too.
 */
export function guidanceIsOn(t: number, [from, to]: readonly [number, number]): boolean {
  const noise = 1 - t;
  return noise <= to && (noise > from || from === 0);
}
