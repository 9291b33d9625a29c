import type { CliContext } from "./context.ts";
import type { View } from "./follow.ts";
import { imageStyle, renderImage } from "./terminal-image.ts";

/** Writes text as it comes, and for each picture the picture, if stdout is a terminal that can show it, and its path. */
export function terminalView({ stdout, env }: Pick<CliContext, "stdout" | "env">): View {
  let midLine = false;
  const endText = (): void => {
    if (midLine) stdout.write("\n");
    midLine = false;
  };
  return {
    text(delta) {
      if (delta === "") return;
      stdout.write(stdout.isTTY === true ? printable(delta) : delta);
      midLine = !delta.endsWith("\n");
    },
    endText,
    async image(image, path) {
      endText();
      stdout.write(await renderImage(image, imageStyle(env, stdout), stdout));
      stdout.write(`${path}\n`);
    },
  };
}

/** A model's text must not steer the terminal: control characters but newline and tab are left out. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "");
}
