import { InputError } from "../../core/errors.ts";

/** A drawing style of Emoji World: one emoji set, drawn by one hand. */
export interface Style {
  /** Identifier, as in `SceneObject.style`. */
  readonly name: string;
  /** The words for it in prompts: "a cat, {promptName} style". */
  readonly promptName: string;
  /** The npm package (a development dependency) that carries the drawings. */
  readonly package: string;
  /** Held-out styles are never trained on. */
  readonly heldOut: boolean;
  readonly licence: string;
  readonly credit: string;
}

export const STYLES: readonly Style[] = [
  {
    name: "noto",
    promptName: "noto",
    package: "@iconify-json/noto",
    heldOut: false,
    licence: "Apache-2.0",
    credit: "Noto Emoji, Google",
  },
  {
    name: "noto-v1",
    promptName: "classic noto",
    package: "@iconify-json/noto-v1",
    heldOut: false,
    licence: "Apache-2.0",
    credit: "Noto Emoji (v1), Google",
  },
  {
    name: "twemoji",
    promptName: "twemoji",
    package: "@iconify-json/twemoji",
    heldOut: false,
    licence: "CC-BY-4.0",
    credit: "Twemoji, Twitter and contributors",
  },
  {
    name: "fluent-flat",
    promptName: "fluent",
    package: "@iconify-json/fluent-emoji-flat",
    heldOut: false,
    licence: "MIT",
    credit: "Fluent Emoji, Microsoft",
  },
  {
    name: "fxemoji",
    promptName: "firefox",
    package: "@iconify-json/fxemoji",
    heldOut: true,
    licence: "CC-BY-4.0",
    credit: "FxEmojis, Mozilla",
  },
  {
    name: "streamline",
    promptName: "streamline",
    package: "@iconify-json/streamline-emojis",
    heldOut: true,
    licence: "CC-BY-4.0",
    credit: "Streamline Emojis, Streamline",
  },
];

/** Names of the styles that training draws from. */
export const TRAIN_STYLES: readonly string[] = STYLES.filter((s) => !s.heldOut).map((s) => s.name);
/** Names of the styles that only evaluation sees. */
export const HELD_OUT_STYLES: readonly string[] = STYLES.filter((s) => s.heldOut).map((s) => s.name);

const byName = new Map(STYLES.map((style) => [style.name, style]));

/** The style of that name, or an InputError that lists the names. */
export function styleNamed(name: string): Style {
  const style = byName.get(name);
  if (style) return style;
  throw new InputError(`style: expected one of ${STYLES.map((s) => s.name).join(", ")}, found "${name}"`);
}
