import { serve, type ServerType } from "@hono/node-server";
import type { Hono } from "hono";
import { InputError } from "../core/errors.ts";

export interface Listening {
  /** Where a browser finds it. */
  readonly url: string;
  /** Takes no new requests and ends those that are open. */
  close(): Promise<void>;
}

/** Serves an application over HTTP; port 0 takes any that is free. Throws InputError where the address cannot be had. */
export async function listen(app: Hono, hostname: string, port: number): Promise<Listening> {
  const opened = Promise.withResolvers<{ readonly port: number }>();
  const server: ServerType = serve({ fetch: app.fetch, hostname, port }, opened.resolve);
  server.on("error", (error: NodeJS.ErrnoException) =>
    opened.reject(new InputError(`${hostname}:${port}: cannot be listened on (${error.code ?? error.message})`)),
  );
  const { port: taken } = await opened.promise;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `http://${host}:${taken}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}
