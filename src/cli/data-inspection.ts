import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RgbImage } from "../core/image.ts";
import { loadTokenizer } from "../encoders/tokenizer-file.ts";
import { writePng } from "../data/png.ts";
import type { Sample } from "../data/sample.ts";
import { scenesOf, textsOf } from "../data/world/draft.ts";
import { curriculumNamed, type Curriculum } from "../data/world/mixture.ts";
import { samplePage } from "../data/world/sample-page.ts";
import { toSplit } from "../data/world/splits.ts";
import { contactSheet } from "../train/contact-sheet.ts";
import type { ConceptSet } from "../data/world/world-config.ts";
import { WorldStream } from "../data/world/world-stream.ts";

/** Drafts that the statistics are taken over. */
const SURVEYED = 2000;

export interface InspectionOptions {
  readonly count: number;
  readonly curriculum: string;
  readonly concepts: string;
  readonly split: string;
  readonly seed: number;
  /** Side of the pictures in pixels. */
  readonly size: number;
  /** Pixels between the places of composed things. */
  readonly grid: number;
  /** Folder of the tokenizer. */
  readonly tokenizer: string;
  /** Folder to write to. */
  readonly out: string;
}

export interface KindStatistics {
  readonly kind: string;
  /** Of all samples. */
  readonly share: number;
  /** Text tokens per sample, without markers. */
  readonly tokens: { readonly mean: number; readonly median: number; readonly p95: number; readonly most: number };
  /** Mean pictures per sample. */
  readonly pictures: number;
}

export interface Inspection {
  /** Paths of the written files. */
  readonly page: string;
  readonly sheet: string;
  /** How many samples the statistics are of. */
  readonly samples: number;
  readonly draftsPerSecond: number;
  readonly samplesPerSecond: number;
  readonly kinds: readonly KindStatistics[];
}

/** Writes samples.html and samples.png for people, and measures length and speed. */
export async function inspectSamples(options: InspectionOptions): Promise<Inspection> {
  curriculumNamed(options.curriculum);
  const stream = await WorldStream.open({
    seed: options.seed,
    curriculum: options.curriculum as Curriculum,
    concepts: options.concepts as ConceptSet,
    split: toSplit(options.split),
    imageSize: options.size,
    grid: options.grid,
  });
  const tokenizer = await loadTokenizer(options.tokenizer);
  const drafted = performance.now();
  const drafts = Array.from({ length: Math.max(SURVEYED, options.count) }, (_, index) => stream.sampleDraft(index));
  const draftsPerSecond = Math.round(drafts.length / ((performance.now() - drafted) / 1000));
  const kinds = Map.groupBy(drafts, (draft) => `${draft.kind} (${draft.task.split(".")[0]})`);
  const started = performance.now();
  const samples = drafts.slice(0, options.count).map((draft) => stream.render(draft));
  const samplesPerSecond = Math.round(samples.length / ((performance.now() - started) / 1000));
  await mkdir(options.out, { recursive: true });
  const page = join(options.out, "samples.html");
  const named = samples.map((sample, index) => ({ name: `${index} ${drafts[index]!.task}`, sample }));
  await writeFile(page, await samplePage(`Emoji World: ${options.curriculum}, seed ${options.seed}`, named));
  const sheet = join(options.out, "samples.png");
  await writePng(sheet, contactSheet(rowsOf(samples)));
  return {
    page,
    sheet,
    samples: drafts.length,
    draftsPerSecond,
    samplesPerSecond,
    kinds: [...kinds].sort().map(([kind, members]) => ({
      kind,
      share: members.length / drafts.length,
      tokens: lengths(
        members.map((draft) => textsOf(draft).reduce((sum, text) => sum + tokenizer.encode(text).length, 0)),
      ),
      pictures: members.reduce((sum, draft) => sum + scenesOf(draft).length, 0) / members.length,
    })),
  };
}

function lengths(values: number[]): KindStatistics["tokens"] {
  values.sort((a, b) => a - b);
  const at = (share: number): number => values[Math.min(values.length - 1, Math.floor(values.length * share))]!;
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    median: at(0.5),
    p95: at(0.95),
    most: at(1),
  };
}

/** Pictures in order, about twelve in a row; those of one sample stay together. */
function rowsOf(samples: readonly Sample[]): RgbImage[][] {
  const rows: RgbImage[][] = [[]];
  for (const sample of samples) {
    const pictures = sample.items.flatMap((item) => (item.type === "image" ? [item.image] : []));
    if (rows.at(-1)!.length + pictures.length > 12) rows.push([]);
    rows.at(-1)!.push(...pictures);
  }
  return rows;
}
