import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { z } from "zod";
import { InputError, MogaoError } from "../../core/errors.ts";
import type { Judge, JudgedPicture } from "./judge.ts";

export interface Endpoint {
  /** Of the API, as ".../v1". */
  readonly url: string;
  readonly model: string;
  readonly key?: string;
  readonly signal?: AbortSignal;
}

const TRIES = 4;
const FIRST_WAIT = 500;
/** Tokens for a yes or a letter. */
const FEW_TOKENS = 16;
/** As many of the likeliest tokens as the API gives. */
const TOP = 20;

const completion = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullable() }),
        logprobs: z
          .object({
            content: z
              .array(z.object({ top_logprobs: z.array(z.object({ token: z.string(), logprob: z.number() })) }))
              .nullable(),
          })
          .nullish(),
      }),
    )
    .min(1),
});

/**
 * A vision model behind an OpenAI-compatible API, in place of the benchmark's own judge: its scores are not official ones. It
 * answers questions, gives VQAScores (the probability of "Yes") and reads unclear answers; it detects no objects.
 */
export function endpointJudge(endpoint: Endpoint): Judge {
  const { model } = endpoint;
  return {
    id: `${model} (endpoint)`,
    official: false,
    costly: true,
    async answer(picture, question) {
      const { choices } = await ask(endpoint, [await imagePart(picture), text(`${question} Answer yes or no.`)]);
      const word = choices[0]!.message.content?.toLowerCase().match(/[a-z]+/)?.[0];
      return word ?? "";
    },
    async score(picture, prompt) {
      const question = `Does this figure show "${prompt}"? Please answer yes or no.`;
      const { choices } = await ask(endpoint, [await imagePart(picture), text(question)], {
        logprobs: true,
        top_logprobs: TOP,
      });
      const first = choices[0]!.logprobs?.content?.[0];
      if (first === undefined)
        throw new InputError(`${endpoint.url}: ${model} gives no logprobs, which scores are made of`);
      const yes = first.top_logprobs.filter(({ token }) => token.trim().toLowerCase() === "yes");
      return yes.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0);
    },
    async complete(prompt) {
      const { choices } = await ask(endpoint, [text(prompt)]);
      return choices[0]!.message.content ?? "";
    },
  };
}

type Part = { type: "text"; text: string } | { type: "image_url"; image_url: { url: string } };

function text(content: string): Part {
  return { type: "text", text: content };
}

async function imagePart({ path, crop }: JudgedPicture): Promise<Part> {
  const file = await readFile(path);
  const [left, top, right, bottom] = crop ?? [0, 0, 0, 0];
  const bytes = crop
    ? await sharp(file)
        .extract({ left, top, width: right - left, height: bottom - top })
        .png()
        .toBuffer()
    : file;
  const type = !crop && path.endsWith(".jpeg") ? "jpeg" : "png";
  return { type: "image_url", image_url: { url: `data:image/${type};base64,${bytes.toString("base64")}` } };
}

/** Tries again, later each time, where the API is busy or gone. */
async function ask(
  { url, model, key, signal }: Endpoint,
  content: readonly Part[],
  more: object = {},
): Promise<z.infer<typeof completion>> {
  const body = JSON.stringify({
    model,
    temperature: 0,
    max_tokens: FEW_TOKENS,
    messages: [{ role: "user", content }],
    ...more,
  });
  const address = `${url.replace(/\/$/, "")}/chat/completions`;
  let problem = "";
  for (let i = 0; i < TRIES; i++) {
    if (i > 0) await delay(FIRST_WAIT * 2 ** (i - 1), signal);
    try {
      const response = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }) },
        body,
        ...(signal && { signal }),
      });
      if (response.ok) {
        const parsed = completion.safeParse(await response.json());
        if (parsed.success) return parsed.data;
        throw new InputError(`${address}: expected a chat completion, found something else`);
      }
      problem = `status ${response.status}`;
      const mayPass = response.status === 429 || response.status >= 500;
      if (!mayPass) throw new InputError(`${address}: ${problem}: ${(await response.text()).slice(0, 200)}`);
    } catch (error) {
      if (error instanceof MogaoError || signal?.aborted) throw error;
      problem = error instanceof Error ? error.message : String(error);
    }
  }
  throw new InputError(`${address}: no answer after ${TRIES} tries (${problem})`);
}

function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
