import { expectInput } from "../core/errors.ts";
import { readImage } from "../encoders/image-file.ts";
import type { Part } from "../generate/types.ts";

/** Arguments as parts of a prompt: `@file` is the image in that file, `@@x` is the text `@x`, all else is text. */
export async function promptParts(argumentsInOrder: readonly string[]): Promise<Part[]> {
  expectInput(
    argumentsInOrder.some((argument) => argument.trim() !== ""),
    'expected a prompt, as in: mogao generate "Draw a red apple."',
  );
  const parts: Part[] = [];
  for (const argument of argumentsInOrder) {
    if (argument.startsWith("@@")) parts.push({ type: "text", text: argument.slice(1) });
    else if (argument.startsWith("@")) {
      expectInput(argument.length > 1, 'expected a file name after "@" (a literal @ is written @@)');
      parts.push({ type: "image", image: await readImage(argument.slice(1)) });
    } else parts.push({ type: "text", text: argument });
  }
  return parts;
}
