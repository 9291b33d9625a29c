import { Command, Option } from "commander";
import { InputError } from "../core/errors.ts";
import { fluxVaeConfig } from "../encoders/vae-config.ts";
import { Vae } from "../encoders/vae.ts";
import { summarize } from "../model/inspect.ts";
import type { VitConfig } from "../encoders/vit-config.ts";
import { createVit } from "../encoders/vision-transformer.ts";
import { presets, vitPresets, type PresetName } from "../model/presets.ts";
import { parameterCount, ParameterScope } from "../nn/parameters.ts";
import { loadModelConfig } from "../weights/model-folder.ts";
import type { CliContext } from "./context.ts";

const FLUX_VAE = "flux-vae";

interface Summary {
  readonly parameters: number;
  /** Null where there are no tokens. */
  readonly activePerToken: number | null;
  readonly groups: Readonly<Record<string, number>>;
}

async function summaryOf({
  preset,
  model,
}: {
  preset?: PresetName | typeof FLUX_VAE;
  model?: string;
}): Promise<Summary> {
  if (preset !== FLUX_VAE) {
    const config = preset ? { model: presets[preset], vit: publishedVit(preset) } : await loadModelConfig(model!);
    return withVit(summarize(config.model), config.vit);
  }
  const { parameters } = new Vae(fluxVaeConfig);
  const part = (side: string) => parameterCount(parameters.filter(({ name }) => name.startsWith(`${side}.`)));
  const groups = { encoder: part("encoder"), decoder: part("decoder") };
  return { parameters: groups.encoder + groups.decoder, activePerToken: null, groups };
}

/** The vision transformer that is part of the checkpoint that a preset describes: elsewhere any can stand before the model. */
function publishedVit(preset: PresetName): VitConfig | undefined {
  return preset === "bagel-7b-mot" || preset === "lance-3b" ? vitPresets[preset] : undefined;
}

function withVit(summary: Summary, config: VitConfig | undefined): Summary {
  if (!config) return summary;
  const scope = new ParameterScope();
  void createVit(scope, config);
  const vit = parameterCount(scope.all);
  return { ...summary, parameters: summary.parameters + vit, groups: { ...summary.groups, vit } };
}

/** `mogao inspect`: what a preset or a model folder is made of. */
export function inspectCommand(context: CliContext): Command {
  return new Command("inspect")
    .description("print the size of a preset or of a model")
    .addOption(new Option("--preset <name>", "a named configuration").choices([...Object.keys(presets), FLUX_VAE]))
    .option("--model <dir>", "a model folder")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      "\nExamples:\n  mogao inspect --preset mogao-7b\n  mogao inspect --model models/emoji-world --json",
    )
    .action(async (options: { preset?: PresetName | typeof FLUX_VAE; model?: string; json?: boolean }) => {
      if ((options.preset === undefined) === (options.model === undefined))
        throw new InputError("inspect: expected either --preset or --model");
      const name = options.preset ?? options.model!;
      const { parameters, activePerToken, groups } = await summaryOf(options);
      if (options.json) {
        const result = { preset: name, parameters, active_per_token: activePerToken, groups };
        context.stdout.write(`${JSON.stringify(result)}\n`);
        return;
      }
      const line = (label: string, count: number) =>
        `  ${label.padEnd(18)}${count.toLocaleString("en").padStart(16)}\n`;
      const active = activePerToken === null ? "" : line("active per token", activePerToken);
      context.stdout.write(`${name}\n${line("parameters", parameters)}${active}`);
      for (const [group, count] of Object.entries(groups)) context.stdout.write(line(`· ${group}`, count));
    });
}
