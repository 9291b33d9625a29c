import { createInterface } from "node:readline";
import type { Command } from "commander";
import { MogaoError } from "../core/errors.ts";
import { readImage } from "../encoders/image-file.ts";
import type { ChatSession, Mogao, Part } from "../generate/types.ts";
import { Interrupted, interruptible, type CliContext } from "./context.ts";
import { follow } from "./follow.ts";
import {
  addGenerationOptions,
  checkFolders,
  generateOptions,
  loadOptions,
  type GenerationArguments,
} from "./generation-options.ts";
import { setExamples } from "./help.ts";
import { pictureSaver, slug } from "./output-folder.ts";
import { Progress } from "./progress.ts";
import { terminalView } from "./terminal-view.ts";
import { Transcript } from "./transcript.ts";

const commandHelp = `/image FILE  show the model a picture with the next message
/save        write the conversation as Markdown beside its pictures
/reset       begin a new conversation
/help        this list
/quit        leave (or Ctrl-D; Ctrl-C stops an answer)
`;

/** `mogao chat`: a conversation, one line a message. */
export function addChat(program: Command, context: CliContext): void {
  const command = program
    .command("chat")
    .summary("hold a conversation in text and pictures")
    .description("Converses: type a message, read and see the answer. /help lists the commands.")
    .helpOption("-h, --help", "print this help");
  addGenerationOptions(command).action((values: GenerationArguments) => chat(values, context));
  setExamples(command, ["mogao chat", "mogao chat --model models/emoji-world --out pictures"]);
}

async function chat(values: GenerationArguments, context: CliContext): Promise<void> {
  generateOptions(values); // told before the model is loaded
  await checkFolders(values);
  const progress = new Progress(context.stderr);
  const model = await interruptible(context, async () => {
    progress.update("loading the model");
    return context.load(loadOptions(values)).finally(() => progress.clear());
  });
  try {
    await new Conversation(model, values, context, progress).run();
  } finally {
    model.dispose();
  }
}

class Conversation {
  readonly #session: ChatSession;
  readonly #values: GenerationArguments;
  readonly #context: CliContext;
  readonly #progress: Progress;
  readonly #transcript = new Transcript();
  /** Pictures that go out with the next message. */
  #pictures: { part: Part; path: string }[] = [];
  #turn = 0;

  constructor(model: Mogao, values: GenerationArguments, context: CliContext, progress: Progress) {
    this.#session = model.chat();
    this.#values = values;
    this.#context = context;
    this.#progress = progress;
  }

  async run(): Promise<void> {
    const { stdin, stdout, stderr } = this.#context;
    const terminal = stdin.isTTY === true && stdout.isTTY === true;
    const lines = createInterface({
      input: stdin,
      ...(terminal && { output: stdout as unknown as NodeJS.WritableStream }),
      terminal,
      prompt: "> ",
    });
    // In a terminal, readline takes Ctrl-C's key and the process gets no signal: pass it on.
    lines.on("SIGINT", () => this.#context.interrupt());
    const interrupted = Promise.withResolvers<never>();
    const unsubscribe = this.#context.onInterrupt(() => interrupted.reject(new Interrupted()));
    try {
      if (terminal) stderr.write("Type a message, or /help.\n");
      const iterator = lines[Symbol.asyncIterator]();
      for (;;) {
        if (terminal) lines.prompt();
        const { done, value } = await Promise.race([iterator.next(), interrupted.promise]);
        if (done === true || !(await this.#line(value))) return;
      }
    } finally {
      unsubscribe();
      lines.close();
    }
  }

  /** Obeys a command or answers a message; false means to leave. Errors that the user can act on do not end the conversation. */
  async #line(line: string): Promise<boolean> {
    const { stderr } = this.#context;
    const [, verb, rest = ""] = /^\/(\S*)\s*(.*?)\s*$/.exec(line) ?? [];
    try {
      if (verb === "quit") return false;
      if (verb === undefined) await this.#send(line);
      else if (verb === "help") stderr.write(commandHelp);
      else if (verb === "reset") this.#reset();
      else if (verb === "image") await this.#addPicture(rest);
      else if (verb === "save") stderr.write(`saved ${await this.#transcript.save(this.#values.out)}\n`);
      else throw new MogaoError(`unknown command /${verb}; /help lists the commands`);
    } catch (error) {
      if (error instanceof Interrupted) stderr.write("(stopped)\n");
      else if (error instanceof MogaoError) stderr.write(`${error.message}\n`);
      else throw error;
    }
    return true;
  }

  #reset(): void {
    this.#session.reset();
    this.#transcript.clear();
    this.#pictures = [];
    this.#turn = 0;
  }

  async #addPicture(path: string): Promise<void> {
    if (path === "") throw new MogaoError("/image: expected the name of an image file");
    const image = await readImage(path);
    this.#pictures.push({ part: { type: "image", image }, path });
    this.#context.stderr.write(`${path}: ${image.width}×${image.height}, goes with the next message\n`);
  }

  async #send(text: string): Promise<void> {
    if (text.trim() === "") return;
    const pictures = this.#pictures;
    const { seed, ...options } = generateOptions(this.#values);
    const outcome = await interruptible(this.#context, (signal) => {
      const prompt: Part[] = [...pictures.map(({ part }) => part), { type: "text", text }];
      // A fixed seed must not draw every turn from the same noise.
      const turnSeed = seed === undefined ? {} : { seed: (seed + this.#turn) >>> 0 };
      return follow(this.#session.send(prompt, { ...options, ...turnSeed, signal }), {
        save: pictureSaver(this.#values.out, slug(text)),
        view: terminalView(this.#context),
        progress: this.#progress,
      });
    });
    this.#turn++;
    this.#pictures = [];
    const given = pictures.map(({ path }) => ({ type: "image" as const, path }));
    this.#transcript.add("You", [...given, { type: "text", text }]);
    this.#transcript.add("Mogao", outcome.parts);
  }
}
