import { z } from "zod";
import { expectInput, InputError } from "../../core/errors.ts";
import { formatFixed, reprFloat } from "../python/number.ts";
import { digit, splitWords, strip } from "../python/text.ts";
import { ratio, type Benchmark, type Score, type ScoreFiles, type Scored } from "./benchmark.ts";
import { expectQuestions, filesAt, readJsonRows, stemOf, type Placed } from "./input-files.ts";

const SPLITS = ["random", "popular", "adversarial"];

const labelRow = z.object({ text: z.string(), label: z.string() });
/** `answer` in POPE's own files, `text` in LLaVA's. */
const answerRow = z
  .object({ question: z.string().optional(), answer: z.string().optional(), text: z.string().optional() })
  .refine(({ answer, text }) => answer !== undefined || text !== undefined, { error: 'expected "answer" or "text"' });

/** What an answer was taken for; LMMs-Eval keeps the words themselves. */
type Verdict = "yes" | "no" | "other";

/** POPE's reading: "no" if one of the words of the first sentence is No, not or no; all else, also nothing, is "yes". */
export function popeVerdict(answer: string): "yes" | "no" {
  const words = answer.split(".", 1)[0]!.replaceAll(",", "").split(" ");
  return words.some((word) => word === "No" || word === "not" || word === "no") ? "no" : "yes";
}

/** LMMs-Eval's reading: the whole answer, lower-case. */
export function lmmsEvalPrediction(answer: string): string {
  return strip(answer.toLowerCase());
}

/** VLMEvalKit's reading without a language model: exactly one of the words yes and no. */
export function vlmEvalKitVerdict(answer: string): "Yes" | "No" | "Unknown" {
  const words = new Set(splitWords(withoutPunctuation(answer.toLowerCase())));
  if (words.has("yes") === words.has("no")) return "Unknown";
  return words.has("yes") ? "Yes" : "No";
}

const punctuation = [...'/[]"{}()=+\\_-><@`,?!'];
const commaInNumber = new RegExp(`[${digit}],[${digit}]`, "u");
const loosePeriod = new RegExp(`(?<![${digit}])\\.(?![${digit}])`, "gu");
/** The official call passes `re.UNICODE`, which is 32, where the count of replacements belongs. */
const MOST_PERIODS = 32;

/** VQA's `process_punctuation`, as VLMEvalKit has it. */
function withoutPunctuation(text: string): string {
  let out = text;
  const hasNumber = commaInNumber.test(text);
  for (const mark of [";", ...punctuation]) {
    const atSpace = text.includes(`${mark} `) || text.includes(` ${mark}`);
    out = out.replaceAll(mark, atSpace || hasNumber ? "" : " ");
  }
  let periods = 0;
  return out.replaceAll(loosePeriod, (period) => (periods++ < MOST_PERIODS ? "" : period));
}

interface Rules {
  readonly verdict: (answer: string) => Verdict;
  readonly label: (label: string) => "yes" | "no";
  /** What the yes-ratio counts, beside all. */
  readonly yesOf: "answers" | "labels";
  /** 0 where a ratio has nothing to divide by; else null, where the official scorer stops with ZeroDivisionError. */
  readonly guarded: boolean;
  /** A missing answer is a wrong one; else lines are compared as far as both files go. */
  readonly missingIsWrong: boolean;
}

/** Everything but "no" is a "yes", also "No". */
const officialLabel = (label: string): "yes" | "no" => (label === "no" ? "no" : "yes");
const anyCase = (label: string): "yes" | "no" => officialLabel(strip(label.toLowerCase()));
const wholeAnswer = (answer: string): Verdict => {
  const prediction = lmmsEvalPrediction(answer);
  return prediction === "yes" || prediction === "no" ? prediction : "other";
};
const extracted = (answer: string): Verdict =>
  (({ Yes: "yes", No: "no", Unknown: "other" }) as const)[vlmEvalKitVerdict(answer)];

const official: Rules = {
  verdict: popeVerdict,
  label: officialLabel,
  yesOf: "answers",
  guarded: false,
  missingIsWrong: false,
};
const rulesOf: Readonly<Record<string, Rules>> = {
  official,
  bagel: official,
  fixed: { ...official, label: anyCase, guarded: true, missingIsWrong: true },
  lmms_eval: { verdict: wholeAnswer, label: anyCase, yesOf: "labels", guarded: true, missingIsWrong: true },
  vlmevalkit: { verdict: extracted, label: anyCase, yesOf: "answers", guarded: true, missingIsWrong: true },
};

/** The scores of one split, named as the official scorer's variables. */
export type PopeScores = Readonly<
  Record<"TP" | "FP" | "TN" | "FN", number> &
    Record<"accuracy" | "precision" | "recall" | "f1" | "yes_ratio", number | null>
>;

/** Scores answers in the order of the labels. */
export function scorePope(
  answers: readonly (string | undefined)[],
  labels: readonly string[],
  protocol: string,
): PopeScores {
  const rules = rulesOf[protocol]!;
  const length = rules.missingIsWrong ? labels.length : Math.min(answers.length, labels.length);
  const count = { TP: 0, FP: 0, TN: 0, FN: 0 };
  let right = 0;
  let missedYes = 0;
  for (let i = 0; i < length; i++) {
    const label = rules.label(labels[i]!);
    const answer = answers[i];
    const verdict = answer === undefined ? "other" : rules.verdict(answer);
    if (verdict === label) right++;
    if (verdict === "yes") count[label === "yes" ? "TP" : "FP"]++;
    else if (verdict === "no") count[label === "yes" ? "FN" : "TN"]++;
    else if (label === "yes") missedYes++;
  }
  // LMMs-Eval counts only a clear "no" as a missed "yes".
  const missed = count.FN + (protocol === "lmms_eval" ? 0 : missedYes);
  const divide = (part: number, whole: number) => ratio(part, whole) ?? (rules.guarded ? 0 : null);
  const precision = divide(count.TP, count.TP + count.FP);
  const recall = divide(count.TP, count.TP + missed);
  const f1 = precision === null || recall === null ? null : divide(2 * precision * recall, precision + recall);
  const given =
    rules.yesOf === "labels"
      ? labels.map(rules.label)
      : answers.map((answer) => answer !== undefined && rules.verdict(answer));
  const yesRatio = divide(given.filter((verdict) => verdict === "yes").length, given.length);
  return { ...count, accuracy: divide(right, length), precision, recall, f1, yes_ratio: yesRatio };
}

/** Three splits of COCO pictures; yes or no whether an object is there (Li et al. 2023, arXiv:2305.10355). */
export const pope: Benchmark = {
  name: "pope",
  title: "POPE",
  protocols: Object.keys(rulesOf),
  version: 1,
  score,
};

interface Split {
  readonly name: string;
  readonly answers: readonly string[];
  readonly labels: readonly string[];
}

async function score(files: ScoreFiles, protocol: string): Promise<Scored> {
  const splits = await readSplits(files);
  const scored = splits.map(({ name, answers, labels }) => ({ name, scores: scorePope(answers, labels, protocol) }));
  const f1 = scored.map(({ scores }) => scores.f1);
  const pooled = protocol === "lmms_eval" || protocol === "vlmevalkit";
  const all = scorePope(
    splits.flatMap(({ answers }) => answers),
    splits.flatMap(({ labels }) => labels),
    protocol,
  );
  // VLMEvalKit reports percentages.
  const overall = !pooled ? meanOf(f1) : protocol === "vlmevalkit" ? all.f1! * 100 : all.f1;
  const byName: Record<string, Score> = {};
  for (const { name, scores } of scored) byName[name] = scores;
  const missing = splits.map(({ answers, labels }) => Math.max(0, labels.length - answers.length));
  const total = missing.reduce((sum, count) => sum + count, 0);
  return {
    scores: { overall, ...(pooled && { pooled: all }), splits: byName },
    items: splits.reduce((sum, { labels }) => sum + labels.length, 0),
    missing: total,
    failed: 0,
    notes: [
      ...scored.flatMap(({ name, scores }) =>
        scores.f1 === null
          ? [
              `${name}: F1 divides by 0 (${scores.TP} TP, ${scores.FP} FP, ${scores.FN} FN), where the official scorer stops`,
            ]
          : [],
      ),
      ...(total > 0 && !rulesOf[protocol]!.missingIsWrong
        ? ["the official scorer ignores questions without an answer"]
        : []),
    ],
    printed: scored.map(({ name, scores }) => `${scored.length > 1 ? `${name}\n` : ""}${printed(scores)}`).join(""),
  };
}

function meanOf(values: readonly (number | null)[]): number | null {
  const sum = values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);
  return sum === null ? null : sum / values.length;
}

/** As POPE's evaluate.py prints; what it cannot compute stays out. */
function printed({ TP, FP, TN, FN, ...scores }: PopeScores): string {
  const { accuracy, precision, recall, f1, yes_ratio: yesRatio } = scores;
  const named = { Accuracy: accuracy, Precision: precision, Recall: recall, "F1 score": f1, "Yes ratio": yesRatio };
  const lines = Object.entries(named).flatMap(([name, value]) =>
    value === null ? [] : [`${name}: ${reprFloat(value)}`],
  );
  return ["TP\tFP\tTN\tFN\t", [TP, FP, TN, FN].map((count) => formatFixed(count, 0)).join("\t"), ...lines, ""].join(
    "\n",
  );
}

/** Pairs each file of answers with the file of labels of the same split. */
async function readSplits({ answers, questions }: ScoreFiles): Promise<Split[]> {
  const labelsAt = await filesAt(
    expectQuestions(questions, "POPE's coco_pope_*.json, a file or the folder"),
    /\.jsonl?$/,
  );
  const answersAt = await filesAt(answers, /\.jsonl?$/);
  const splits: Split[] = [];
  for (const path of answersAt) {
    const labels =
      answersAt.length === 1 && labelsAt.length === 1
        ? labelsAt[0]
        : labelsAt.find((other) => splitOf(other) === splitOf(path));
    if (labels === undefined)
      throw new InputError(
        `${path}: expected questions of the same split in ${questions}, found ${labelsAt.map(stemOf).join(", ")}`,
      );
    const name = splitOf(path);
    expectInput(!splits.some((split) => split.name === name), `${path}: the split "${name}" is there twice`);
    splits.push({ name, ...(await readSplit(path, labels)) });
  }
  return splits;
}

/** "random" of "coco_pope_random_answers.jsonl"; of another file its name. */
function splitOf(path: string): string {
  const stem = stemOf(path);
  return SPLITS.find((split) => stem.includes(split)) ?? stem;
}

async function readSplit(answersAt: string, labelsAt: string): Promise<Omit<Split, "name">> {
  const labels = await readJsonRows(labelsAt, labelRow);
  const answers = await readJsonRows(answersAt, answerRow);
  expectInput(answers.length > 0, `${answersAt}: expected answers, found none`);
  for (const [i, answer] of answers.entries()) expectSameQuestion(answer, labels[i]);
  return {
    answers: answers.map(({ value }) => (value.answer ?? value.text)!),
    labels: labels.map(({ value }) => value.label),
  };
}

/** Answers belong to questions by their order alone: told where a file repeats the question and it is another. */
function expectSameQuestion(
  { value, place }: Placed<z.infer<typeof answerRow>>,
  label: Placed<z.infer<typeof labelRow>> | undefined,
): void {
  if (label === undefined || !value.question) return;
  if (!value.question.startsWith(label.value.text))
    throw new InputError(
      `${place}: expected the question ${JSON.stringify(label.value.text)} of ${label.place}, found ${JSON.stringify(value.question)}`,
    );
}
