/** Python's pickle files, in which PyTorch keeps weights: opening one runs whatever program it holds, so we never do. */

const endings = [".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"];
/** Names that an error lists before it counts the rest. */
const LISTED = 3;

export function isPickle(path: string): boolean {
  return endings.some((ending) => path.toLowerCase().endsWith(ending));
}

/** What is wrong with these files, and what to do instead. */
export function pickleAdvice(names: readonly string[]): string {
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
  return (
    `expected .safetensors files, found pickles (${names.slice(0, LISTED).join(", ")}${more}), which can run any code when they are opened; ` +
    "look for a safetensors copy, or make one where you trust the file: " +
    "safetensors.torch.save_file(torch.load(PATH, weights_only=True), OUT)"
  );
}
