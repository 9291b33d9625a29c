/** A process of its own that renders a chat template: a job as JSON on stdin, the results on stdout. chat-template.ts bounds it. */
import { readFileSync } from "node:fs";
import { renderJob, type ChatTemplateJob } from "./chat-template-job.ts";

const job = JSON.parse(readFileSync(0, "utf8")) as ChatTemplateJob;
process.stdout.write(JSON.stringify(renderJob(job)));
