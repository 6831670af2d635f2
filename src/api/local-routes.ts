import { type Context, Hono } from "hono";
import { z } from "zod";
import { InputError } from "../domain/errors.ts";
import type { CallerEnv } from "./caller.ts";
import type { ApiWorld } from "./world.ts";

const text = z.string().min(1).max(250);
const Branch = z.object({ origin: text, branch: text });
const Work = Branch.extend({
  name: z.string().min(1).max(100),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  title: z.string().max(250),
  author: z.string().max(100),
});

/** What `mayfly up` and `mayfly down` ask: a preview of a directory, whose packed commit is the body. */
export function localRoutes({ local, audit }: Pick<ApiWorld, "local" | "audit">): Hono<CallerEnv> {
  const tell = (c: Context<CallerEnv>, action: "up" | "down", { key }: { key: string }): void =>
    audit.write({ ...c.get("asker"), action, preview: key, outcome: "done", detail: null });
  return new Hono<CallerEnv>()
    .post("/", async (c) => {
      const work = parse(Work, c.req.query());
      const view = await local.up(work, c.req.raw.body ?? new ReadableStream<Uint8Array>());
      tell(c, "up", view);
      return c.json(view, 202);
    })
    .delete("/", async (c) => {
      const view = await local.down(parse(Branch, c.req.query()));
      if (view === null) {
        throw new InputError("not-found", "no preview was made of this directory and branch", {
          hint: "`mayfly ls` shows the previews there are.",
        });
      }
      tell(c, "down", view);
      return c.json(view, 202);
    });
}

function parse<T>(schema: z.ZodType<T>, query: Record<string, string>): T {
  const read = schema.safeParse(query);
  if (read.success) return read.data;
  const wrong = read.error.issues.map(({ path }) => path.join(".")).join(", ");
  throw new InputError("body-invalid", `the query is missing or malformed: ${wrong}`);
}
