import { join } from "node:path";
import { Command } from "commander";
import { integerOption } from "./option-values.ts";

interface InspectOptions {
  readonly count: number;
  readonly curriculum: string;
  readonly concepts: string;
  readonly split: string;
  readonly seed: number;
  readonly size: number;
  readonly grid: number;
  readonly tokenizer: string;
  readonly out: string;
  readonly json?: true;
}

interface TokenizerOptions {
  readonly size: number;
  readonly samples: number;
  readonly seed: number;
  readonly out: string;
}

const TOKENIZER_FOLDER = join("models", "emoji-world");

/** `mogao data`: look at the samples of Emoji World, and train its tokenizer. */
export function dataCommand(): Command {
  const command = new Command("data").summary("look at training data; train its tokenizer");
  command
    .command("inspect")
    .summary("write a page and a sheet of samples, and count them")
    .description("Writes a page and a sheet of samples to look at, and prints what a larger number of them contains.")
    .option("--count <n>", "samples on the page", integerOption("--count", 1, 10_000), 48)
    .option("--curriculum <name>", "single, scenes or full", "full")
    .option("--concepts <set>", "curated or all", "all")
    .option("--split <name>", "train or a held-out split", "train")
    .option("--seed <n>", "seed of the stream", integerOption("--seed", 0, 2 ** 32 - 1), 0)
    .option("--size <px>", "side of the pictures", integerOption("--size", 16, 1024), 96)
    .option("--grid <px>", "centres of things lie on multiples of it", integerOption("--grid", 1, 256), 1)
    .option("--tokenizer <dir>", "folder of the tokenizer that counts tokens", TOKENIZER_FOLDER)
    .option("--out <dir>", "folder to write to", join("runs", "data"))
    .option("--json", "print the statistics as one JSON object")
    .addHelpText("after", "\nExamples:\n  mogao data inspect\n  mogao data inspect --curriculum single --count 200")
    .action(inspect);
  command
    .command("tokenizer")
    .summary("train the byte-level BPE of Emoji World")
    .description("Trains the byte-level BPE of Emoji World and writes tokenizer.json and tokenizer_config.json.")
    .option("--size <n>", "entries of the vocabulary", integerOption("--size", 262, 65_536), 2048)
    .option("--samples <n>", "samples whose texts it is trained on", integerOption("--samples", 1, 10_000_000), 60_000)
    .option("--seed <n>", "seed of the stream", integerOption("--seed", 0, 2 ** 32 - 1), 1)
    .option("--out <dir>", "folder to write to", TOKENIZER_FOLDER)
    .action(trainTokenizerFiles);
  return command;
}

async function inspect(options: InspectOptions): Promise<void> {
  const { inspectSamples } = await import("./data-inspection.ts");
  const report = await inspectSamples(options);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  process.stderr.write(
    `${report.samples} samples, ${report.draftsPerSecond} drafts/s, ${report.samplesPerSecond} samples/s\n`,
  );
  const header = ["kind", "share", "text tokens: mean", "median", "95%", "most", "pictures"];
  const rows = report.kinds.map((row) => [
    row.kind,
    `${(100 * row.share).toFixed(1)}%`,
    row.tokens.mean.toFixed(1),
    row.tokens.median,
    row.tokens.p95,
    row.tokens.most,
    row.pictures.toFixed(2),
  ]);
  process.stderr.write(table([header, ...rows]));
  process.stdout.write(`${report.page}\n${report.sheet}\n`);
}

async function trainTokenizerFiles(options: TokenizerOptions): Promise<void> {
  const { writeTokenizer } = await import("../data/world/tokenizer-files.ts");
  process.stdout.write(`${await writeTokenizer(options)}\n`);
}

/** Columns padded to their widest cell, the first to the left, numbers to the right. */
function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]!) : String(cell).padStart(widths[i]!))))
    .map((cells) => `${cells.join("  ")}\n`)
    .join("");
}
