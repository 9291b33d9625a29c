import type { RatingTask } from "../eval/human/rating-session.ts";

/**
 * What runs in the rater's browser. Sent as the text of this function, so it uses nothing from outside of it. The rater's name
 * is in the address, everything else on the server: a reload goes on where it was.
 */
export function ratingClient(): void {
  const scores = [1, 2, 3, 4, 5];
  const stage = document.querySelector("main")!;
  const meter = document.querySelector("progress")!;
  const counter = document.querySelector("#counter")!;
  const status = document.querySelector("#status")!;
  const rater = new URLSearchParams(location.search).get("rater")?.trim() ?? "";
  let task: RatingTask;
  /** The row of buttons that digits rate. */
  let active = 0;

  function element(name: string, className: string, ...children: readonly (Node | string)[]): HTMLElement {
    const made = document.createElement(name);
    made.className = className;
    made.append(...children);
    return made;
  }

  async function ask<T>(path: string, body?: unknown): Promise<T> {
    const response = await fetch(path, {
      ...(body !== undefined && {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
    const answer = (await response.json()) as T & { error?: { message: string } };
    // The server was started anew: its pictures have other names now.
    if (response.status === 409) location.reload();
    if (!response.ok) throw new Error(answer.error?.message ?? response.statusText);
    return answer;
  }

  function rows(): HTMLElement[] {
    return [...stage.querySelectorAll<HTMLElement>("[role=radiogroup]")];
  }

  function activate(index: number): void {
    const all = rows();
    active = Math.max(0, Math.min(index, all.length - 1));
    for (const [i, row] of all.entries()) {
      row.classList.toggle("active", i === active);
      row.closest(".card")!.classList.toggle("active", row.closest(".card") === all[active]!.closest(".card"));
    }
    all[active]?.scrollIntoView({ block: "nearest" });
  }

  function mark(row: HTMLElement, score: number | undefined): void {
    for (const button of row.querySelectorAll("button"))
      button.setAttribute("aria-checked", String(Number(button.textContent) === score));
    row.dataset["score"] = score === undefined ? "" : String(score);
  }

  const firstOpen = (): number => rows().findIndex((row) => row.dataset["score"] === "");

  function showDone(done: number): void {
    meter.max = task.total;
    meter.value = done;
    counter.textContent = `${done} of ${task.total} rated`;
    status.textContent =
      done === task.total
        ? "All rated. Thank you! You may still look back and change scores."
        : firstOpen() < 0
          ? "Enter: next prompt"
          : "";
  }

  async function rate(index: number, score: number): Promise<void> {
    const row = rows()[index];
    if (!row) return;
    const before = row.dataset["score"];
    mark(row, score);
    // Before the answer comes: who types fast rates the next row.
    if (index === active) activate(before === "" && firstOpen() >= 0 ? firstOpen() : active + 1);
    try {
      const { token, dimension } = row.dataset;
      const { done } = await ask<{ done: number }>("/rating", { rater, token, dimension, score });
      showDone(done);
    } catch (error) {
      mark(row, before ? Number(before) : undefined);
      status.textContent = `Not saved: ${(error as Error).message}`;
    }
  }

  function rowOf(token: string, name: string, question: string, score: number | undefined, index: number): HTMLElement {
    const buttons = scores.map((value) => {
      const button = element("button", "", String(value));
      button.setAttribute("role", "radio");
      button.addEventListener("click", () => {
        activate(index);
        void rate(index, value);
      });
      return button;
    });
    const group = element("div", "scores", ...buttons);
    group.setAttribute("role", "radiogroup");
    group.setAttribute("aria-label", question);
    Object.assign(group.dataset, { token, dimension: name });
    mark(group, score);
    const label = element("div", "label", element("b", "", name), ` ${question}`);
    return element("div", "row", label, group);
  }

  async function show(position?: number): Promise<void> {
    try {
      const query = new URLSearchParams({ rater, ...(position !== undefined && { position: String(position) }) });
      task = await ask<RatingTask>(`/task?${query}`);
    } catch (error) {
      status.textContent = (error as Error).message;
      return;
    }
    const cards = task.outputs.map(({ token, scores: given }, output) => {
      const picture = document.createElement("img");
      picture.src = `/picture/${token}`;
      picture.alt = `Picture ${"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[output] ?? output + 1}`;
      const questions = task.dimensions.map(({ name, question }, i) =>
        rowOf(token, name, question, given[name], output * task.dimensions.length + i),
      );
      return element("section", "card", element("h2", "", picture.alt), picture, ...questions);
    });
    stage.replaceChildren(element("h1", "", task.prompt), element("div", "cards", ...cards));
    activate(Math.max(0, firstOpen()));
    showDone(task.done);
    counter.textContent += ` · prompt ${task.position + 1}`;
    scrollTo(0, 0);
  }

  function askName(): void {
    const field = document.createElement("input");
    field.placeholder = "Your name";
    field.autofocus = true;
    field.maxLength = 60;
    const start = element("button", "start", "Start");
    const go = (): void => {
      if (field.value.trim() !== "") location.search = String(new URLSearchParams({ rater: field.value.trim() }));
    };
    start.addEventListener("click", go);
    field.addEventListener("keydown", ({ key }) => {
      if (key === "Enter") go();
    });
    const words =
      "You will see prompts, each with pictures by several models in random order. Rate every picture from 1 (very bad) to 5 (very good).";
    stage.replaceChildren(
      element("section", "welcome", element("h1", "", "Rate pictures"), element("p", "", words), field, start),
    );
    field.focus();
  }

  if (rater === "") {
    askName();
    return;
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (scores.includes(Number(key))) void rate(active, Number(key));
    else if (key === "ArrowDown" || key === "ArrowRight") activate(active + 1);
    else if (key === "ArrowUp" || key === "ArrowLeft") activate(active - 1);
    else if (key === "Enter") void show(firstOpen() < 0 ? undefined : task.position + 1);
    else if (key === "Backspace") void show(Math.max(0, task.position - 1));
    else return;
    event.preventDefault();
  });
  void show();
}
