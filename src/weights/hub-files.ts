/** Which files of a repository a checkpoint needs: weights as safetensors, configurations and the tokenizer; never code or pickles. */
import { InputError } from "../core/errors.ts";
import { isPickle, pickleAdvice } from "./pickle.ts";

/** A file of a repository at one commit. */
export interface HubFile {
  /** Inside the repository, with slashes. */
  readonly path: string;
  readonly size: number;
  /** Of the content: SHA-256 of big files (Git LFS), Git's own SHA-1 of small ones. */
  readonly hash: { readonly kind: "sha256" | "git"; readonly hex: string };
}

/** What is looked for: a network's folder, or an autoencoder that is one file or folder among others. */
export type CheckpointKind = "model" | "vae";

export interface NeededFiles {
  readonly files: readonly HubFile[];
  /** What readers are given: a path inside the repository; empty for its root. */
  readonly entry: string;
}

const settings = new Set([
  "config.json",
  "generation_config.json",
  "llm_config.json",
  "vit_config.json",
  "preprocessor_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "vocab.json",
  "merges.txt",
  "chat_template.jinja",
  "chat_template.json",
]);
const weights = ".safetensors";
const index = ".safetensors.index.json";

/** Where an autoencoder is looked for in a repository that holds a whole pipeline: FLUX's own file, diffusers' folder. */
const vaeFile = "ae.safetensors";
const vaeFolder = "vae";

/**
 * The files of `listing` that a checkpoint at `path` (a file, a folder, or empty for the root) consists of. `place` opens the error.
 * @throws InputError where there are no weights that we read
 */
export function neededFiles(
  listing: readonly HubFile[],
  path: string,
  kind: CheckpointKind,
  place: string,
): NeededFiles {
  const single = listing.find((file) => file.path === path);
  if (single) {
    if (isPickle(path)) throw new InputError(`${place}: ${pickleAdvice([path])}`);
    if (!path.endsWith(weights))
      throw new InputError(`${place}: expected a folder or a ${weights} file, found ${path}`);
    return { files: [single], entry: path };
  }
  if (kind === "vae" && path === "") {
    if (listing.some((file) => file.path === vaeFile)) return neededFiles(listing, vaeFile, kind, place);
    if (inFolder(listing, vaeFolder).length > 0) return neededFiles(listing, vaeFolder, kind, place);
  }
  const folder = inFolder(listing, path);
  const stored = folder.filter(({ name }) => name.endsWith(weights));
  // Beside model*.safetensors may lie the same weights for other programs.
  const preferred = stored.filter(({ name }) => name.startsWith("model"));
  const chosen = preferred.length > 0 ? preferred : stored;
  if (chosen.length === 0) {
    const pickles = folder.filter(({ name }) => isPickle(name)).map(({ name }) => name);
    const found = pickles.length > 0 ? pickleAdvice(pickles) : `expected ${weights} files, found none`;
    throw new InputError(`${place}: ${found}`);
  }
  const small = folder.filter(({ name }) => settings.has(name) || name.endsWith(index));
  return { files: [...small, ...chosen].map(({ file }) => file), entry: path };
}

function inFolder(listing: readonly HubFile[], folder: string): { readonly file: HubFile; readonly name: string }[] {
  const prefix = folder === "" ? "" : `${folder}/`;
  return listing
    .filter((file) => file.path.startsWith(prefix) && !file.path.slice(prefix.length).includes("/"))
    .map((file) => ({ file, name: file.path.slice(prefix.length) }));
}
