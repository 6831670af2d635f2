import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { InputError } from "../domain/errors.ts";
import { scopes } from "../domain/token.ts";
import type { CallerEnv } from "./caller.ts";
import { needs } from "./require-caller.ts";
import type { Tokens } from "./tokens.ts";

const NewToken = z.strictObject({ name: z.string(), scopes: z.array(z.enum(scopes)).min(1) });
type NewToken = z.infer<typeof NewToken>;

/** Tokens, for admins: listed without what opens a door, made with their text told once, revoked. */
export function tokenRoutes(tokens: Tokens): Hono<CallerEnv> {
  const limit = bodyLimit({
    maxSize: 16 * 1024,
    onError: () => {
      throw new InputError("body-too-large", "the request body is larger than 16 KiB", { hint: "Send less." });
    },
  });
  return new Hono<CallerEnv>()
    .use(needs("admin"))
    .get("/", (c) => c.json(tokens.list()))
    .post("/", limit, async (c) => {
      const { name, scopes: chosen } = readNewToken(await c.req.text());
      return c.json(tokens.create(name, [...new Set(chosen)], c.get("asker")), 201);
    })
    .delete("/:name", (c) => {
      tokens.remove(c.req.param("name"), c.get("asker"));
      return c.json({ removed: c.req.param("name") });
    });
}

function readNewToken(text: string): NewToken {
  const read = NewToken.safeParse(parseJson(text));
  if (read.success) return read.data;
  throw new InputError("body-invalid", "the body is no description of a token", {
    hint: `Send { "name": "ci", "scopes": ["read", "deploy"] }. Scopes are ${scopes.join(", ")}.`,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Refused below, like everything else that is no token.
    return null;
  }
}
