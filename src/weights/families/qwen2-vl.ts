/** The vision transformer of Qwen2-VL: ours, under another prefix. */
import type { KeyMap } from "../key-map.ts";

export const qwen2VlVision: KeyMap = {
  family: "Qwen2-VL vision",
  rules: [["visual.{*}", "vit.{*}"]],
};
