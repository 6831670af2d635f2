import type { Context } from "hono";
import type { Asker } from "../domain/audit.ts";
import { InputError } from "../domain/errors.ts";
import { allows, type Scope } from "../domain/token.ts";

/** Who calls: the holder of a token, by itself or in a browser's session. `session` is null without one. */
export type Caller = { kind: "token"; name: string; scopes: readonly Scope[]; session: string | null };

/** What a request carries along: once known its caller, and who that is to the audit, and on pages the nonce of the answer's own script and style. */
export type CallerEnv = { Variables: { caller: Caller; asker: Asker; secureHeadersNonce?: string } };

/** Throws InputError `forbidden` unless the caller's token may do what needs this scope. */
export function demandScope(caller: Caller, needed: Scope, c: Pick<Context, "req">): void {
  if (allows(caller.scopes, needed)) return;
  throw new InputError("forbidden", `${c.req.method} ${c.req.path} needs a token with the scope ${needed}`, {
    hint: `The token ${caller.name} has ${caller.scopes.join(", ")}. An admin makes another: \`mayfly token create NAME --scope ${needed}\`.`,
  });
}
