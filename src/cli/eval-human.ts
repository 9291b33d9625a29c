import { Command } from "commander";
import type { Dimension } from "../eval/human/rating.ts";
import type { CliContext } from "./context.ts";
import { setExamples } from "./help.ts";
import { integerOption } from "./option-values.ts";
import { Progress } from "./progress.ts";

interface ServeArguments {
  readonly prompts: string;
  readonly outputs: readonly string[];
  readonly out: string;
  readonly dimensions: string;
  readonly seed: number;
  readonly host: string;
  readonly port: number;
}

const MOST_PORT = 65_535;

/** `mogao eval human`: people grade pictures. */
export function humanCommand(context: CliContext): Command {
  const command = new Command("human")
    .summary("ratings by people")
    .description("Ratings by people: a page that takes them, and their report.");
  const serve = command
    .command("serve")
    .summary("serve a page on which people rate pictures")
    .description(
      "Serves a page on which people rate the pictures of several models from 1 to 5, blinded and in\n" +
        "random order. Every score is in FILE at once; raters go on where they stopped. Ctrl-C ends it.\n" +
        "PROMPTS: a prompt a line, or JSONL of {prompt, id?}. DIR: one model's pictures, ID.png or\n" +
        "ID-….png, where IDs are 001, 002, … unless given; NAME=DIR names the model.",
    )
    .requiredOption("--prompts <PROMPTS>", "file of prompts")
    .requiredOption("--outputs <DIR...>", "folders of pictures, one a model")
    .requiredOption("--out <FILE>", "ratings, as JSONL; goes on with those that are there")
    .option("--dimensions <LIST>", "of alignment, structure, aesthetics", "alignment,structure")
    .option("--seed <N>", "of the orders", integerOption("--seed", 0, 2 ** 32 - 1), 0)
    .option("--host <NAME>", "address to listen on", "127.0.0.1")
    .option("--port <N>", "port to listen on; 0: any", integerOption("--port", 0, MOST_PORT), 8400)
    .action((values: ServeArguments) => serveRatings(values, context));
  setExamples(serve, [
    "mogao eval human serve --prompts prompts.txt --outputs runs/a runs/b --out ratings.jsonl",
    "mogao eval human serve --prompts p.jsonl --outputs ours=out/7b base=out/1b --out r.jsonl",
  ]);
  const report = command
    .command("report")
    .summary("means, differences and agreement of ratings")
    .argument("<files...>")
    .description(
      "Means per model and dimension with 95% intervals (bootstrap over items), differences between\n" +
        "models, and the raters' agreement (Krippendorff's alpha, ordinal).\n" +
        "FILES: JSONL of {item, model, dimension, rater, score}; a rater's last score counts.",
    )
    .option("--json", "print the report as one JSON object")
    .action((files: string[], values: { json?: true }) => reportRatings(files, values, context));
  setExamples(report, ["mogao eval human report ratings.jsonl"]);
  return command;
}

async function serveRatings(values: ServeArguments, context: CliContext): Promise<void> {
  // Loaded late: help and bad arguments should not wait for it.
  const { parseDimensions } = await import("../eval/human/rating.ts");
  const { openStudy } = await import("../eval/human/study.ts");
  const { RatingSession } = await import("../eval/human/rating-session.ts");
  const { ratingApp } = await import("../server/rating-app.ts");
  const { listen } = await import("../server/listen.ts");
  const dimensions: readonly Dimension[] = parseDimensions(values.dimensions);
  const study = await openStudy(values.prompts, values.outputs);
  const session = await RatingSession.open({ study, dimensions, out: values.out, seed: values.seed });
  const progress = new Progress(context.stderr);
  let ratings = 0;
  const app = ratingApp(session, {
    onRating: (rater) => progress.update(`${++ratings} scores, the last by ${rater}`),
    onError: ({ message }) => {
      progress.clear();
      context.stderr.write(`${message}\n`);
    },
  });
  const server = await listen(app, values.host, values.port);
  const ended = Promise.withResolvers<void>();
  const unsubscribe = context.onInterrupt(ended.resolve);
  try {
    context.stderr.write(`${study.items.length} prompts, ${study.models.length} models; Ctrl-C ends it\n`);
    context.stdout.write(`${server.url}\n`);
    await ended.promise;
  } finally {
    unsubscribe();
    progress.clear();
    await server.close();
  }
}

async function reportRatings(files: readonly string[], { json }: { json?: true }, context: CliContext): Promise<void> {
  const { readRatings } = await import("../eval/human/rating.ts");
  const { humanReport } = await import("../eval/human/report.ts");
  const { humanMarkdown } = await import("../eval/human/markdown.ts");
  const report = humanReport(await readRatings(files));
  context.stdout.write(json ? `${JSON.stringify(report)}\n` : humanMarkdown(report));
}
