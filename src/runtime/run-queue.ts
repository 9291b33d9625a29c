import { MogaoError } from "../core/errors.ts";

/** Runs tasks one after another, and one last task when it is closed. */
export class RunQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @throws MogaoError (as a rejection) when the queue was closed before the task's turn */
  run<Result>(task: () => Promise<Result>): Promise<Result> {
    const turn = this.#tail.then(() => {
      if (this.#closed) throw new MogaoError("This program was disposed; load it again to run it.");
      return task();
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Lets the task in progress finish, rejects those that wait, then calls `release` once. */
  close(release: () => void | Promise<void>): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#tail = this.#tail.then(release);
  }
}
