import { SpriteBank } from "../../data/world/sprite-bank.ts";
import { HELD_OUT_STYLES, TRAIN_STYLES } from "../../data/world/styles.ts";
import { openRuntime } from "../../runtime/open-runtime.ts";
import { TrainedJudge } from "./crops/trained-judge.ts";
import { DEFAULT_JUDGE, type JudgeName, type WorldJudge } from "./judge.ts";
import { TemplateJudge } from "./template-judge.ts";

/** What renders pictures of the world and what looks at them. */
export interface WorldEye {
  readonly bank: SpriteBank;
  readonly judge: WorldJudge;
}

/** Of studies, which compare short runs: what they draw is like a thing long before it is one, and only the lenient judge tells so. */
export const STUDY_JUDGE: JudgeName = "template";

/** Sees everything that a suite shows, held-out styles too. */
export async function openWorldEye(name: JudgeName = DEFAULT_JUDGE): Promise<WorldEye> {
  const bank = await SpriteBank.open();
  return { bank, judge: await openJudge(name, bank) };
}

export async function openJudge(name: JudgeName, bank: SpriteBank): Promise<WorldJudge> {
  return name === "trained"
    ? TrainedJudge.open(await openRuntime())
    : new TemplateJudge(bank, { styles: [...TRAIN_STYLES, ...HELD_OUT_STYLES] });
}
