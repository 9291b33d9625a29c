import { expectInput } from "../../core/errors.ts";
import type { RgbImage } from "../../core/image.ts";
import type { ScoreFiles } from "../benchmarks/benchmark.ts";
import type { Judge, JudgedPicture } from "./judge.ts";

/** What a model is asked to draw. */
export interface DrawingPrompt {
  readonly id: string;
  readonly text: string;
}

/** The prompts of a benchmark that draws. */
export interface DrawingSet {
  readonly prompts: readonly DrawingPrompt[];
  /** Pictures a prompt. */
  readonly samples: number;
  /** Writes the pictures of one prompt in the official layout; returns their files within the folder. */
  save(prompt: DrawingPrompt, images: readonly RgbImage[], folder: string): Promise<string[]>;
  /** Which of a judge's faculties it takes, in words. */
  readonly needs: { readonly faculty: "detect" | "answer" | "score"; readonly words: string };
  /** Whether the official scorer needs verdicts on all pictures. */
  readonly needsAll: boolean;
  /** What there is to judge in one picture, as lines that a precomputed judge has once their nulls are replaced. */
  toJudge(prompt: DrawingPrompt, picture: JudgedPicture): Promise<object[]>;
  /** Asks the judge about one picture: lines for the official scorer, or null where it has no verdict on some of it. */
  judge(
    prompt: DrawingPrompt,
    picture: JudgedPicture & { readonly file: string },
    judge: Judge,
  ): Promise<object[] | null>;
  /** Writes all lines, and the questions, in the form that the official scorer reads. */
  write(lines: readonly object[], folder: string): Promise<ScoreFiles>;
}

/** Reads the prompts from a folder in the benchmark's own layout, `limit` at most. */
export type ReadPrompts = (data: string, limit: number) => Promise<DrawingSet>;

/** Told before anything is drawn. */
export function expectFaculty({ needs }: DrawingSet, judge: Judge | undefined): void {
  expectInput(!judge || judge[needs.faculty], `--judge: expected one that ${needs.words}, which ${judge?.id} does not`);
}
