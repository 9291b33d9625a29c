import { fileURLToPath } from "node:url";

/** Where a tiny checkpoint lies, with what its reference implementation computed. */
export const referenceFolder = (family: string) =>
  fileURLToPath(new URL(`../fixtures/references/${family}`, import.meta.url));
