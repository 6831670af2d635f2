import { Hono } from "hono";
import { z } from "zod";
import type { AuditEntry } from "../domain/audit.ts";
import { InputError } from "../domain/errors.ts";
import { parseDuration } from "../domain/time.ts";
import type { CallerEnv } from "./caller.ts";
import { previewOf } from "./preview-of.ts";
import { needs } from "./require-caller.ts";
import type { ApiWorld } from "./world.ts";

const AuditQuery = z.object({
  since: z
    .string()
    .transform((text) => parseDuration(text))
    .refine((span) => span !== undefined)
    .optional(),
  preview: z.string().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(200),
});

/** Who did what to which preview, newest first; for admins. */
export function auditRoutes(world: ApiWorld): Hono<CallerEnv> {
  return new Hono<CallerEnv>().get("/", needs("admin"), (c) => {
    const read = AuditQuery.safeParse(c.req.query());
    if (!read.success) {
      const name = String(read.error.issues[0]?.path[0] ?? "");
      const hint = "Known are since=7d, preview=ID and limit=1…10000.";
      throw new InputError("invalid-value", `the parameter ${name} is not valid`, { hint });
    }
    const { since, preview, limit } = read.data;
    const filter = {
      limit,
      ...(since !== undefined && { since: world.clock.now() - since }),
      ...(preview !== undefined && { preview: previewOf(world, preview).key }),
    };
    return c.json(world.audit.list(filter).map((entry) => withSlug(entry, world)));
  });
}

/** Told by the name that people know. */
function withSlug(entry: AuditEntry, world: ApiWorld): AuditEntry {
  return { ...entry, preview: entry.preview && (world.preview(entry.preview)?.slug ?? entry.preview) };
}
