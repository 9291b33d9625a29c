import { describe, expect, test } from "vitest";
import { InputError } from "../core/errors.ts";
import { renderChatTemplate } from "./chat-template.ts";
import { renderJob } from "./chat-template-job.ts";

describe("a hostile template", () => {
  const input = { messages: [], add_generation_prompt: false, bos_token: "", eos_token: "" };
  const render = (template: string, patience?: number) =>
    renderChatTemplate({ template, inputs: [input] }, "x", patience);

  test("that does not end is ended", async () => {
    const digits = "[0,1,2,3,4,5,6,7,8,9]";
    const endless = "abcdefghijklmnop"
      .split("")
      .reduceRight((body, name) => `{% for ${name} in ${digits} %}${body}{% endfor %}`, "");
    await expect(render(endless, 300)).rejects.toThrow("x: the chat template does not end within 0.3 seconds");
  });

  test.each([
    "{{ range(100000000) | length }}",
    "{% set ns = namespace(x=[0]) %}{% for i in range(40) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x | length }}",
    "{% set ns = namespace(x='0123456789') %}{% for i in range(40) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
    "{% macro f(x) %}{{ f(x + 1) }}{% endmacro %}{{ f(0) }}",
    `{{ ${"(".repeat(50_000)}1${")".repeat(50_000)} }}`,
  ])("that fills the memory or the stack fails alone: %#", async (template) => {
    const outcome = await render(template).catch((error: Error) => error);
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(InputError);
    else expect(outcome).toEqual([{ problem: expect.any(String) as string }]);
  });

  test.each([
    "{{ ''.constructor.constructor('return process')() }}",
    "{{ messages.constructor }}",
    "{{ messages.__proto__ }}",
    "{{ process.env }}",
    "{{ require('fs') }}",
    "{{ range.constructor('return 1')() }}",
    "{% include '/etc/passwd' %}",
    "{% import 'fs' as f %}",
  ])("finds nothing of ours: %s", (template) => {
    const [result] = renderJob({ template, inputs: [input] });
    if ("text" in result!) expect(result.text).toBe("");
  });
});
