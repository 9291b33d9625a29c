import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { schemaProblems } from "../core/schema-problems.ts";
import { SCORES } from "../eval/human/rating.ts";
import type { RatingSession } from "../eval/human/rating-session.ts";
import { RATING_PAGE, RATING_SCRIPT, RATING_STYLE } from "./rating-page.ts";

const MOST_BODY_BYTES = 4096;
/** A rater's name, as it is written into the file of ratings. */
const rater = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,59}$/u, "expected 1 to 60 letters, digits, spaces, dots or dashes");
const position = z.coerce.number().int().min(0).optional();
const ratingBody = z.object({
  rater,
  token: z.string().max(100),
  dimension: z.string().max(100),
  score: z.int().min(SCORES[0]).max(SCORES.at(-1)!),
});

/** Nothing is loaded from elsewhere, and no other page may show or post to this one. */
const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};

/** What the person who runs the study hears of. */
export interface RatingListener {
  /** A score was written down. */
  onRating?(rater: string): void;
  /** A request failed. Raters are told so without the reason, which may name a model's folder. */
  onError?(error: Error): void;
}

/** The page of ratings and what it asks for, as a web application. */
export function ratingApp(session: RatingSession, listener: RatingListener = {}): Hono {
  const app = new Hono();
  const limited = bodyLimit({
    maxSize: MOST_BODY_BYTES,
    onError: (context) => context.json(problem(`expected at most ${MOST_BODY_BYTES} bytes`), 413),
  });
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
  });
  app.get("/", (context) => context.html(RATING_PAGE));
  app.get("/rating.css", (context) => context.body(RATING_STYLE, 200, { "Content-Type": "text/css; charset=utf-8" }));
  app.get("/rating.js", (context) =>
    context.body(RATING_SCRIPT, 200, { "Content-Type": "text/javascript; charset=utf-8" }),
  );
  app.get("/task", (context) => {
    const who = rater.safeParse(context.req.query("rater"));
    const where = position.safeParse(context.req.query("position"));
    if (!who.success) return context.json(problem(`rater: ${schemaProblems(who.error)}`), 400);
    if (!where.success) return context.json(problem(`position: ${schemaProblems(where.error)}`), 400);
    return context.json(session.task(who.data, where.data));
  });
  app.get("/picture/:token", async (context) => {
    const png = await session.picture(context.req.param("token"));
    if (png === null) return context.json(problem("no such picture"), 404);
    return context.body(png.slice().buffer, 200, { "Content-Type": "image/png" });
  });
  app.post("/rating", limited, async (context) => {
    // A form of another site cannot send this type without asking first.
    if (!context.req.header("Content-Type")?.startsWith("application/json"))
      return context.json(problem("expected Content-Type: application/json"), 415);
    const body = ratingBody.safeParse(await context.req.json().catch(() => undefined));
    if (!body.success) return context.json(problem(schemaProblems(body.error)), 400);
    const { token, dimension, score } = body.data;
    if (!(await session.rate(body.data.rater, token, dimension, score)))
      return context.json(problem("of another session: reload the page"), 409);
    listener.onRating?.(body.data.rater);
    return context.json({ done: session.task(body.data.rater).done });
  });
  app.notFound((context) => context.json(problem("not found"), 404));
  app.onError((error, context) => {
    listener.onError?.(error);
    return context.json(problem("the server failed; its terminal says why"), 500);
  });
  return app;
}

function problem(message: string): { error: { message: string } } {
  return { error: { message } };
}
