// Puts this package's own command among the installed ones, so that `npx mogao` in a checkout runs it at once, with the
// Node of node_modules. (npx would otherwise install the checkout into its cache first, and its second run fails there.)
import { chmodSync, existsSync, rmSync, symlinkSync } from "node:fs";

const bin = new URL("../node_modules/.bin/", import.meta.url);
if (process.platform !== "win32" && existsSync(bin)) {
  chmodSync(new URL("../dist/cli/main.js", import.meta.url), 0o755);
  const link = new URL("mogao", bin);
  rmSync(link, { force: true });
  symlinkSync("../../dist/cli/main.js", link);
}
