import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tokenizerCorpus } from "./tokenizer-corpus.ts";
import { countWords, tokenizerConfig, trainTokenizer } from "./tokenizer-training.ts";

/** Trains Emoji World's tokenizer and writes its two files into the folder `out`, byte for byte the same each time. */
export async function writeTokenizer(options: {
  /** Entries of the vocabulary. */
  readonly size: number;
  /** Samples whose texts it is trained on. */
  readonly samples: number;
  readonly seed: number;
  readonly out: string;
}): Promise<string> {
  const tokenizer = trainTokenizer(countWords(tokenizerCorpus(options.samples, options.seed)), options.size);
  await mkdir(options.out, { recursive: true });
  const path = join(options.out, "tokenizer.json");
  await writeFile(path, `${JSON.stringify(tokenizer, null, 1)}\n`);
  await writeFile(join(options.out, "tokenizer_config.json"), `${JSON.stringify(tokenizerConfig(), null, 2)}\n`);
  return path;
}
