import { ablations } from "../../model/presets.ts";
import type { Suite } from "../world/item.ts";

/** One of the models that a study trains and compares. */
export interface Variant {
  readonly id: string;
  /** What is different about it, for people. */
  readonly label: string;
  /** Overrides of the config, as `mogao train --set` takes them. */
  readonly settings: readonly string[];
}

/** Models that are trained alike but for one thing, and the suites of Emoji World that they are graded on. */
export interface Study {
  readonly title: string;
  /** What to know when reading its table. */
  readonly note: string;
  readonly variants: readonly Variant[];
  readonly suites: readonly Suite[];
}

/** What stands for the paper's benchmarks. */
const UNDERSTANDING = ["pope", "mme", "choice", "vqa"] as const;

const ARCHITECTURES: Readonly<Record<keyof typeof ablations, string>> = {
  A: "M-RoPE, VAE",
  B: "IL-RoPE, VAE",
  C: "IL-RoPE, VAE + ViT",
  D: "IL-RoPE, VAE + ViT, deep fusion",
};

/** Studies that train. All variants see the same samples in the same order for the same number of steps. */
export const STUDIES = {
  architecture: {
    title: "Architecture (Table 5, Fig. 8)",
    note: "Each token passes through as many weights in all four.",
    variants: (["A", "B", "C", "D"] as const).map((id) => ({
      id,
      label: ARCHITECTURES[id],
      settings: Object.entries(ablations[id]).map(([name, value]) => `task.model.${name}=${value}`),
    })),
    suites: UNDERSTANDING,
  },
  "teacher-forcing": {
    title: "Efficient Complete Teacher Forcing (Sec. 3.3)",
    note: "A step over all pictures costs more.",
    variants: [
      { id: "all", label: "every drawn image of a sample", settings: ["task.targets=all"] },
      { id: "last", label: "the last drawn image alone", settings: ["task.targets=last"] },
    ],
    suites: ["single", "edit", "next"],
  },
  lambda: {
    title: "Weight of the text loss (λ of Eq. 7)",
    note: "The losses below do not contain λ.",
    variants: [0.05, 0.25, 1].map((lambda) => ({
      id: `lambda-${lambda}`,
      label: `λ = ${lambda}`,
      settings: [`task.lambda=${lambda}`],
    })),
    suites: UNDERSTANDING,
  },
  dropout: {
    title: "Dropping conditions (Sec. 3.1, for guidance)",
    note: "Training drops, the losses below keep every condition.",
    variants: [
      { id: "none", label: "never", settings: dropping(0, 0, 0) },
      { id: "paper", label: "all 10%, text 10%, encoders 5%", settings: dropping(0.1, 0.1, 0.05) },
      { id: "text-only", label: "text 10%", settings: dropping(0, 0.1, 0) },
    ],
    suites: ["single", "colour", "edit"],
  },
} as const satisfies Readonly<Record<string, Study>>;
export type StudyName = keyof typeof STUDIES;

function dropping(all: number, text: number, encoders: number): string[] {
  const shares = { all, text, vit: encoders, vae: encoders };
  return Object.entries(shares).map(([name, share]) => `task.drop.${name}=${share}`);
}
