import type { z } from "zod";

/** What a schema found wrong, each problem with its place: "vae.scale: expected number, …; …". */
export function schemaProblems({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join(".") || "(root)"}: ${message}`).join("; ");
}
