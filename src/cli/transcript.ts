import { relative } from "node:path";
import { MogaoError } from "../core/errors.ts";
import { saveNumbered } from "./output-folder.ts";

type TranscriptPart =
  { readonly type: "text"; readonly text: string } | { readonly type: "image"; readonly path: string };

/** A conversation for reading, in Markdown; pictures are links to their files. */
export class Transcript {
  #turns: { readonly speaker: string; readonly parts: readonly TranscriptPart[] }[] = [];

  add(speaker: string, parts: readonly TranscriptPart[]): void {
    this.#turns.push({ speaker, parts });
  }

  clear(): void {
    this.#turns = [];
  }

  /** Writes `<folder>/<number>-chat.md` and returns its path. */
  async save(folder: string): Promise<string> {
    if (this.#turns.length === 0) throw new MogaoError("/save: there is nothing to save yet");
    const paragraphs = this.#turns.flatMap(({ speaker, parts }) => [
      `**${speaker}**`,
      ...parts.map((part) => (part.type === "text" ? part.text.trim() : `![](${link(relative(folder, part.path))})`)),
    ]);
    return saveNumbered(folder, "chat.md", `${paragraphs.join("\n\n")}\n`);
  }
}

/** A path as a Markdown link's target. */
function link(path: string): string {
  return encodeURI(path.replaceAll("\\", "/")).replaceAll("(", "%28").replaceAll(")", "%29");
}
