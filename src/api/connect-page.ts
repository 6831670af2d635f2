import { once } from "node:events";
import { timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { InputError, MayflyError } from "../domain/errors.ts";
import { html, type Html } from "./page-html.ts";

export type ConnectPage = AsyncDisposable & {
  /** For the one who connects: nobody else knows it. */
  url: string;
  /** Where GitHub sends the browser back to. */
  redirectUrl: string;
  /** Resolves with what `finish` answered; rejects with what it threw. */
  finished: Promise<unknown>;
};

export type ConnectOptions = {
  /** 0 takes a free one. */
  port: number;
  /** Unguessable: it makes the page's address, and comes back with the code. */
  state: string;
  /** GitHub's own page, and what is posted to it. */
  target(redirectUrl: string): { url: string; manifest: object };
  /** Does all that the code is for; answers where the App is installed. */
  finish(code: string): Promise<{ installUrl: string }>;
};

/**
 * A page on this machine alone with one button, which posts an App's manifest to GitHub; GitHub sends the browser back
 * with a code, which is taken once. Throws InputError `invalid-value` when the port is taken.
 */
export async function openConnectPage({ port, state, target, finish }: ConnectOptions): Promise<ConnectPage> {
  const done = Promise.withResolvers<unknown>();
  let isTaken = false;
  const pages = new Hono();
  const answer = getRequestListener(pages.fetch);
  const server = createServer((request, response) => void answer(request, response));
  server.listen(port, "127.0.0.1");
  await once(server, "listening").catch((cause: unknown) => {
    const hint = "Name another one with --port.";
    throw new InputError("invalid-value", `cannot listen on 127.0.0.1:${port}`, { cause, hint });
  });
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}`;
  const redirectUrl = `${origin}/made`;
  const { url, manifest } = target(redirectUrl);

  pages.use(async (c, next) => {
    await next();
    // Ourselves too: the browser holds every address that the form leads over to this, the way back included.
    c.header(
      "Content-Security-Policy",
      `default-src 'none'; form-action 'self' ${new URL(url).origin}; frame-ancestors 'none'`,
    );
    c.header("Referrer-Policy", "no-referrer");
    c.header("Cache-Control", "no-store");
    // The page ends with its last answer, and must not wait for a connection that is kept.
    c.header("Connection", "close");
  });
  pages.get("/:secret", (c, next) => {
    if (!isSame(c.req.param("secret"), state)) return next();
    return c.html(
      page(
        html`<p>
            GitHub asks for the App's name, then makes it with the permissions and the webhook that Mayfly needs.
          </p>
          <form method="post" action="${url}">
            <input type="hidden" name="manifest" value="${JSON.stringify(manifest)}" />
            <button>Create the GitHub App</button>
          </form>`,
      ),
    );
  });
  pages.get("/made", async (c) => {
    const { code = "", state: shown = "" } = c.req.query();
    if (!isSame(shown, state) || code === "")
      return c.html(page(html`<p>This does not come from the page that Mayfly opened. Nothing was changed.</p>`), 400);
    if (isTaken) return c.html(page(html`<p>This was done before.</p>`), 409);
    isTaken = true;
    const finishing = finish(code);
    finishing.then(done.resolve, done.reject);
    return finishing.then(
      ({ installUrl }) =>
        c.html(page(html`<p>The App is made. Now <a href="${installUrl}">install it</a> on the repositories.</p>`)),
      (error: unknown) => {
        const known = error instanceof MayflyError ? `${error.message}. ${error.hint}` : "See the terminal.";
        return c.html(page(html`<p>The App is not connected: ${known}</p>`), 500);
      },
    );
  });

  return {
    url: `${origin}/${state}`,
    redirectUrl,
    finished: done.promise,
    async [Symbol.asyncDispose]() {
      // The last page is on its way still.
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
}

function page(body: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Connect Mayfly to GitHub</title>
      </head>
      <body>
        <h1>Connect Mayfly to GitHub</h1>
        ${body}
      </body>
    </html>`;
}

function isSame(shown: string, secret: string): boolean {
  const [a, b] = [Buffer.from(shown), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}
