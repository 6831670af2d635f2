import type { Context } from "hono";
import type { Asker } from "../domain/audit.ts";
import { InputError } from "../domain/errors.ts";
import type { Person } from "../domain/person.ts";
import { allows, type Scope } from "../domain/token.ts";
import type { Sight } from "./sight.ts";
import { sha256 } from "./tokens.ts";

/**
 * Who calls: the holder of a token, by itself or in a browser's session, or a person who signed in. `session` is the
 * cookie's text, null without one.
 */
export type Caller =
  | { kind: "token"; name: string; scopes: readonly Scope[]; session: string | null }
  | ({ kind: "person"; session: string } & Person);

/** What a request carries along: once its caller is known who that is, to the audit too, and what is seen; on pages the nonce of the answer's own script and style. */
export type CallerEnv = { Variables: { caller: Caller; asker: Asker; sight: Sight; secureHeadersNonce?: string } };

/**
 * Throws InputError `forbidden` unless the caller may do what needs this scope. A person may look and deploy as far as
 * GitHub says of each repository, which `Sight` asks; what concerns the whole server is for tokens.
 */
export function demandScope(caller: Caller, needed: Scope, c: Pick<Context, "req">): void {
  if (caller.kind === "token" ? allows(caller.scopes, needed) : needed !== "admin") return;
  const what = `${c.req.method} ${c.req.path} needs a token with the scope ${needed}`;
  const hint =
    caller.kind === "token"
      ? `The token ${caller.name} has ${caller.scopes.join(", ")}. An admin makes another: \`mayfly token create NAME --scope ${needed}\`.`
      : `${caller.login} is signed in with GitHub, which opens previews only.`;
  throw new InputError("forbidden", what, { hint });
}

/** What a form of our own carries along with the cookie, so that no other site can have made it; empty without a session. */
export function formTokenOf({ session }: Caller): string {
  return session === null ? "" : sha256(`form of session ${session}`);
}
