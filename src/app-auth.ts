import { createHash } from "node:crypto";
import type { ApiWorld } from "./api/world.ts";
import { randomId } from "./app-outside.ts";
import { dashboardOriginOf, type ServerConfig } from "./config/server.ts";
import { firstTokenName, type Token } from "./domain/token.ts";
import { createGitHubSignIn } from "./feedback/github-sign-in.ts";
import type { Store } from "./store/store.ts";

type Options = { config: ServerConfig; store: Store; apiToken: string } & Pick<
  ApiWorld,
  "clientAddress" | "permissionOf" | "visit"
>;

/** Who may use the API and the dashboard: the first token, the server file's, and those made at runtime. */
export function createAuthWorld({ config, store, apiToken, ...given }: Options) {
  const { clientAddress, permissionOf, visit } = given;
  return {
    tokens: {
      given: [firstToken(apiToken), ...config.tokens.map(fromServerFile)],
      made: store.tokens.all,
      add: store.tokens.add,
      remove: store.tokens.remove,
    },
    sessions: store.sessions,
    audit: store.audit,
    signIn: signInOf(config),
    clientAddress,
    permissionOf,
    visit,
    randomId,
  } satisfies Partial<ApiWorld>;
}

function signInOf(config: ServerConfig): ApiWorld["signIn"] {
  const { webUrl, apiUrl, oauth } = config.github;
  if (oauth === null) return null;
  const callbackUrl = `${dashboardOriginOf(config)}/sign-in/callback`;
  return createGitHubSignIn({ webUrl, apiUrl, oauth, callbackUrl });
}

function firstToken(text: string): Token {
  const sha256 = createHash("sha256").update(text).digest("hex");
  return { name: firstTokenName, sha256, scopes: ["admin"], from: "first", createdAt: null };
}

function fromServerFile(token: ServerConfig["tokens"][number]): Token {
  return { ...token, from: "server file", createdAt: null };
}
