import { createHash } from "node:crypto";
import type { ApiWorld } from "./api/world.ts";
import { randomId } from "./app-outside.ts";
import type { ServerConfig } from "./config/server.ts";
import { firstTokenName, type Token } from "./domain/token.ts";
import type { Store } from "./store/store.ts";

type Options = { config: ServerConfig; store: Store; apiToken: string } & Pick<ApiWorld, "clientAddress">;

/** Who may use the API and the dashboard: the first token, the server file's, and those made at runtime. */
export function createAuthWorld({ config, store, apiToken, clientAddress }: Options) {
  return {
    tokens: {
      given: [firstToken(apiToken), ...config.tokens.map(fromServerFile)],
      made: store.tokens.all,
      add: store.tokens.add,
      remove: store.tokens.remove,
    },
    sessions: store.sessions,
    audit: store.audit,
    clientAddress,
    randomId,
  } satisfies Partial<ApiWorld>;
}

function firstToken(text: string): Token {
  const sha256 = createHash("sha256").update(text).digest("hex");
  return { name: firstTokenName, sha256, scopes: ["admin"], from: "first", createdAt: null };
}

function fromServerFile(token: ServerConfig["tokens"][number]): Token {
  return { ...token, from: "server file", createdAt: null };
}
