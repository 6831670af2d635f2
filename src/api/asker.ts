import type { Context } from "hono";
import type { Actor, Asker } from "../domain/audit.ts";
import type { Caller } from "./caller.ts";
import { createAddressOf } from "./client-address.ts";
import type { ApiWorld } from "./world.ts";

/** Says who a caller is to the audit: the name, the door, the address. Null is somebody we do not know. */
export function createAskerOf(world: Pick<ApiWorld, "clientAddress">): (c: Context, caller: Caller | null) => Asker {
  const addressOf = createAddressOf(world);
  return (c, caller) => ({ actor: actorOf(caller), via: doorOf(c), address: addressOf(c) || null });
}

function actorOf(caller: Caller | null): Actor {
  if (caller === null) return { kind: "unknown", name: "somebody" };
  return caller.kind === "person" ? { kind: "person", name: caller.login } : { kind: "token", name: caller.name };
}

function doorOf(c: Context): Asker["via"] {
  if (c.req.header("authorization") === undefined) return "dashboard";
  // What a program says of itself: a help to the reader, no proof.
  return c.req.header("user-agent")?.startsWith("mayfly/") ? "cli" : "api";
}
