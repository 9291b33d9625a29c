import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MogaoError } from "../../core/errors.ts";
import type { RasteriseJob } from "./rasterise-child.ts";

export interface Rasterised {
  /** Straight RGBA of size × size pixels for each icon asked for; null if its set lacks it or it broke the renderer. */
  readonly pictures: readonly (Uint8Array | null)[];
  /** Icons ("package icon") whose drawing ended the child process. */
  readonly crashed: readonly string[];
}

const SOURCE_EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";

/**
 * Draws icons of `@iconify-json` packages in child processes. resvg aborts its process on a few icons (a Rust panic):
 * such an icon is skipped and named, and a new child goes on behind it.
 */
export async function rasteriseIcons(
  job: RasteriseJob,
  childEntry: string = fileURLToPath(new URL(`./rasterise-child.${SOURCE_EXTENSION}`, import.meta.url)),
): Promise<Rasterised> {
  const pictures: (Uint8Array | null)[] = [];
  const crashed: string[] = [];
  while (pictures.length < job.icons.length) {
    const rest = job.icons.slice(pictures.length);
    const { drawn, complaint } = await runChild(childEntry, { ...job, icons: rest });
    pictures.push(...drawn);
    const next = rest[drawn.length];
    if (!next) break;
    const name = `${next.package} ${next.icon}`;
    // An ordinary exception is a fault of ours or of the installation, not the known panic.
    if (!complaint.includes("panicked")) throw new MogaoError(`Drawing ${name} failed: ${complaint.trim()}`);
    crashed.push(name);
    pictures.push(null);
  }
  return { pictures, crashed };
}

async function runChild(
  entry: string,
  job: RasteriseJob,
): Promise<{ drawn: (Uint8Array | null)[]; complaint: string }> {
  const child = spawn(process.execPath, [entry], { stdio: ["pipe", "pipe", "pipe"] });
  // A child that dies early closes the pipe under us; its exit says all there is to say.
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify(job));
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve());
  });
  const bytes = Buffer.concat(chunks);
  const drawn: (Uint8Array | null)[] = [];
  const length = job.size * job.size * 4;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] === 0) {
      drawn.push(null);
      at += 1;
      continue;
    }
    if (at + 1 + length > bytes.length) break;
    drawn.push(new Uint8Array(bytes.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return { drawn, complaint };
}
