import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../../tests/support/scratch-folder.ts";
import { InputError } from "../core/errors.ts";
import { chatMarkup, readChatTemplate } from "./chat-markup.ts";
import { renderJob, type ChatTemplateJob } from "./chat-template-job.ts";

const scratch = scratchFolder();
const fixture = new URL("../../tests/fixtures/references/qwen2-chat/", import.meta.url).pathname;
const config = JSON.parse(await readFile(join(fixture, "tokenizer_config.json"), "utf8")) as { chat_template: string };

const loop = (body: string) => `{% for message in messages %}${body}{% endfor %}`;
const plain =
  loop("<{{ message.role }}>{{ message.content }}</s>") + "{% if add_generation_prompt %}<assistant>{% endif %}";

/** Without a process of its own, which takes its time to start. */
const here = (job: ChatTemplateJob) => Promise.resolve(renderJob(job));

describe("what stands around messages", () => {
  test("in a template of Qwen2.5's form", async () => {
    expect(await chatMarkup(config.chat_template, config, "x")).toEqual({
      opening: "<|im_start|>system\nYou are a tiny model.<|im_end|>\n",
      system: ["<|im_start|>system\n", "<|im_end|>\n"],
      prompt: ["<|im_start|>user\n", "<|im_end|>\n"],
      answer: ["<|im_start|>assistant\n", "<|im_end|>\n"],
    });
  });

  test("in others: a first token, no system prompt", async () => {
    const bos = { bos_token: { content: "<s>" } };
    expect(await chatMarkup(`{{ bos_token }}${plain}`, bos, "x", here)).toEqual({
      opening: "<s>",
      system: ["<s><system>", "</s>"],
      prompt: ["<user>", "</s>"],
      answer: ["<assistant>", "</s>"],
    });
    const refusing = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + plain;
    expect(await chatMarkup(refusing, {}, "x", here)).toEqual({
      opening: "",
      prompt: ["<user>", "</s>"],
      answer: ["<assistant>", "</s>"],
    });
  });

  test.each([
    ["it does not keep messages as they are", plain.replace("message.content", "message.content | trim")],
    ["it does not keep messages as they are", loop("{{ message.content }}{{ message.content }}")],
    ["what it writes of a message depends on later ones", `{{ messages | length }}${plain}`],
    ["what it writes of a message depends on later ones", loop("{% if loop.last %}{{ message.content }}{% endif %}")],
    [
      "it writes the first message unlike the others",
      loop("{% if loop.first %}!{% elif message.role == 'user' %}?{% endif %}{{ message.content }}"),
    ],
    [
      "a longer conversation is not the sum of its messages",
      plain
        .replace("<user>", "")
        .replace("{{ message.content }}", "{{ message.content }}{% if loop.index == 4 %}!{% endif %}"),
    ],
    ["never", "{{ raise_exception('never') }}"],
    ["Unexpected token", "{% if %}"],
    ["not", "{{ unknown_function(1) }}"],
  ])("%s: refused", async (message, template) => {
    const refused = chatMarkup(template, {}, "m/tokenizer_config.json", here);
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow("m/tokenizer_config.json: not a chat template that we can follow: ");
    await expect(refused).rejects.toThrow(message);
  });
});

test("the template is in a file of its own, in the settings, or one of a list there", async () => {
  const folder = await scratch({ "a/chat_template.jinja": "own", "b/x": "" });
  expect(await readChatTemplate(join(folder, "a"), config)).toBe("own");
  const b = join(folder, "b");
  expect(await readChatTemplate(b, { chat_template: "set" })).toBe("set");
  const list = [{ name: "tools", template: "t" }, { name: "default", template: "d" }, null];
  expect(await readChatTemplate(b, { chat_template: list })).toBe("d");
  for (const none of [undefined, null, {}, { chat_template: 1 }, { chat_template: [] }, [null]])
    expect(await readChatTemplate(b, none)).toBeUndefined();
});
