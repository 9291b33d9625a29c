/** Rendering a chat template, without the bounds that chat-template.ts puts around it. */
import { Template } from "@huggingface/jinja";

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** What a template sees. */
export interface ChatTemplateInput {
  readonly messages: readonly ChatMessage[];
  /** Whether the beginning of an answer is to follow. */
  readonly add_generation_prompt: boolean;
  readonly bos_token: string;
  readonly eos_token: string;
}

export interface ChatTemplateJob {
  readonly template: string;
  readonly inputs: readonly ChatTemplateInput[];
}

export type Rendered = { readonly text: string } | { readonly problem: string };

/** One result for each input, since a template may refuse some of them; a template that is no template has a problem with each. */
export function renderJob({ template, inputs }: ChatTemplateJob): readonly Rendered[] {
  const attempt = (input: ChatTemplateInput, parsed: Template): Rendered => {
    try {
      return { text: parsed.render({ ...input }) };
    } catch (error) {
      return { problem: (error as Error).message };
    }
  };
  try {
    const parsed = new Template(template);
    return inputs.map((input) => attempt(input, parsed));
  } catch (error) {
    return inputs.map(() => ({ problem: (error as Error).message }));
  }
}
