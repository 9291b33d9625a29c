import { Command } from "commander";
import { join } from "node:path";
import type { CliContext } from "./context.ts";
import { setExamples } from "./help.ts";

/** `mogao eval table`: reports of several runs as the paper's tables. */
export function tableCommand(context: CliContext): Command {
  const command = new Command("table")
    .summary("the paper's tables from reports")
    .description(
      "Prints the paper's Tables 1 to 4 from the reports of runs, with the average of Table 4.\n* marks scores that are not official.",
    )
    .argument("<RUN...>", "folders of results of mogao eval")
    .action(async (folders: readonly string[]) => {
      const { readReport } = await import("../eval/harness/report.ts");
      const { paperTables } = await import("../eval/harness/paper-tables.ts");
      const reports = await Promise.all(folders.map((folder) => readReport(join(folder, "report.json"))));
      context.stdout.write(paperTables(reports).join("\n"));
    });
  setExamples(command, ["mogao eval table runs/pope runs/mme runs/mmbench runs/seedbench runs/gqa runs/mmmu"]);
  return command;
}
