/** What a chat template writes around the messages of a conversation, found by rendering a few and comparing. */
import { InputError } from "../core/errors.ts";
import { fileInFolder } from "../core/folder-file.ts";
import { readJsonIfPresent, readTextIfPresent } from "../core/json-file.ts";
import { renderChatTemplate } from "./chat-template.ts";
import type { ChatMessage, ChatTemplateInput, ChatTemplateJob, Rendered } from "./chat-template-job.ts";

/** Texts before and after; special tokens by their names. */
export type Around = readonly [before: string, after: string];

export interface ChatMarkup {
  /** What begins a conversation in which the caller gives no system prompt: the checkpoint's own, or nothing. */
  readonly opening: string;
  /** Around a system prompt that takes the opening's place; absent where the template knows none. */
  readonly system?: Around;
  readonly prompt: Around;
  readonly answer: Around;
}

/** Contents that no template has of its own, with spaces that a template would have to keep. */
const content = (name: string) => ` probe of the ${name}\n `;
const [system, first, second, third, answered, again] = ["system", "first", "second", "third", "answer", "other"].map(
  content,
) as [string, string, string, string, string, string];

const user = (text: string): ChatMessage => ({ role: "user", content: text });
const assistant = (text: string): ChatMessage => ({ role: "assistant", content: text });

/**
 * The template of a checkpoint's folder: chat_template.jinja, or what tokenizer_config.json or chat_template.json has; undefined where there is
 * none.
 * @param config The parsed tokenizer_config.json.
 */
export async function readChatTemplate(folder: string, config: unknown): Promise<string | undefined> {
  const own = await readTextIfPresent(await fileInFolder(folder, "chat_template.jinja"));
  if (own !== undefined) return own;
  const beside = await readJsonIfPresent(await fileInFolder(folder, "chat_template.json"));
  const templateOf = (json: unknown) => (json as { chat_template?: unknown } | null | undefined)?.chat_template;
  const found = templateOf(config) ?? templateOf(beside);
  if (!Array.isArray(found)) return typeof found === "string" ? found : undefined;
  const named = (found as { name?: unknown; template?: unknown }[]).find(
    (entry) => entry?.name === "default",
  )?.template;
  return typeof named === "string" ? named : undefined;
}

/**
 * Finds the texts around messages, and makes sure that whole conversations are what they add up to. A template that does more, such as
 * dropping earlier messages or trimming them, is refused: it could only be followed by running it again at every turn.
 * @throws InputError where the template fails, or is no such sum
 */
export async function chatMarkup(
  template: string,
  config: unknown,
  place: string,
  render: (job: ChatTemplateJob, place: string) => Promise<readonly Rendered[]> = renderChatTemplate,
): Promise<ChatMarkup> {
  const conversations = [
    { messages: [user(first)], open: false },
    { messages: [user(first)], open: true },
    { messages: [user(first), assistant(answered)], open: false },
    { messages: [user(first), assistant(answered), user(second)], open: true },
    { messages: [{ role: "system", content: system } as const, user(first)], open: true },
    {
      messages: [user(first), assistant(answered), user(second), assistant(again), user(third)],
      open: true,
    },
  ];
  const tokens = { bos_token: tokenOf(config, "bos_token"), eos_token: tokenOf(config, "eos_token") };
  const inputs = conversations.map(({ messages, open }): ChatTemplateInput => ({
    messages,
    add_generation_prompt: open,
    ...tokens,
  }));
  const results = await render({ template, inputs }, place);
  const problem = (found: string) => new InputError(`${place}: not a chat template that we can follow: ${found}`);
  const rendered = conversations.map((_, i) => {
    const result = results[i]!;
    if ("text" in result) return result.text;
    // Some refuse a system prompt; the rest all must take.
    if (conversations[i]!.messages[0]!.role === "system") return undefined;
    throw problem(result.problem);
  });
  const [asked, opened, answeredText, continued, withSystem, long] = rendered as [
    string,
    string,
    string,
    string,
    string | undefined,
    string,
  ];
  const cut = (text: string, at: string): [string, string] => {
    const place = text.indexOf(at);
    if (place < 0 || text.indexOf(at, place + 1) >= 0) throw problem("it does not keep messages as they are");
    return [text.slice(0, place), text.slice(place + at.length)];
  };
  const rest = (text: string, beginning: string): string => {
    if (!text.startsWith(beginning)) throw problem("what it writes of a message depends on later ones");
    return text.slice(beginning.length);
  };
  const [start, afterPrompt] = cut(asked, first);
  const beforeAnswer = rest(opened, asked);
  const afterAnswer = rest(answeredText, opened + answered);
  const [beforeNext] = cut(rest(continued, answeredText), second);
  if (!start.endsWith(beforeNext)) throw problem("it writes the first message unlike the others");
  const opening = start.slice(0, start.length - beforeNext.length);
  const markup: ChatMarkup = {
    opening,
    ...systemOf(withSystem, beforeNext + first + afterPrompt + beforeAnswer),
    prompt: [beforeNext, afterPrompt],
    answer: [beforeAnswer, afterAnswer],
  };
  const turn = (asking: string, answer: string) =>
    beforeNext + asking + afterPrompt + beforeAnswer + answer + afterAnswer;
  const sum = opening + turn(first, answered) + turn(second, again) + beforeNext + third + afterPrompt + beforeAnswer;
  if (long !== sum) throw problem("a longer conversation is not the sum of its messages");
  return markup;
}

function systemOf(rendered: string | undefined, tail: string): { system?: Around } {
  const at = rendered?.indexOf(system) ?? -1;
  if (rendered === undefined || at < 0 || !rendered.endsWith(tail)) return {};
  return { system: [rendered.slice(0, at), rendered.slice(at + system.length, rendered.length - tail.length)] };
}

/** A special token of tokenizer_config.json, written as text or as an object. */
function tokenOf(config: unknown, name: string): string {
  const token = (config as Record<string, unknown> | null | undefined)?.[name];
  const text = typeof token === "object" ? (token as { content?: unknown } | null)?.content : token;
  return typeof text === "string" ? text : "";
}
