/**
 * An error that the caller can act on: it names the thing, its place, what was expected and what was found.
 * The command line prints its message alone (no stack) and exits with code 2.
 */
export class MogaoError extends Error {
  override name = "MogaoError";
}

/** Bad input of any kind: arguments, files, prompts, configurations. */
export class InputError extends MogaoError {
  override name = "InputError";
}

/** By name: a TypeScript config that the built command loads throws the errors of the sources, another copy of these classes. */
export function isMogaoError(error: unknown): error is MogaoError {
  return error instanceof Error && (error.name === "MogaoError" || error.name === "InputError");
}

/** Throws an {@link InputError} unless `condition` holds. */
export function expectInput(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InputError(message);
}
