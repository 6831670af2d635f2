import { type Check, fail, ok, warn } from "./check.ts";

export type GitHubFacts =
  | { kind: "none" }
  | { kind: "problem"; what: string; hint: string }
  | {
      kind: "token";
      login: string;
      /** Of a classic token; null for a fine-grained one, which does not tell. */
      scopes: string[] | null;
      /** Named repositories that it does not let us read or comment on. */
      refused: string[];
    }
  | { kind: "app"; slug: string; permissions: Record<string, string>; events: string[]; refused: string[] };

/** What docs/github.md asks for. */
const permissions: Record<string, "read" | "write"> = {
  metadata: "read",
  contents: "read",
  pull_requests: "write",
  issues: "write",
  checks: "write",
  deployments: "write",
};
const events = ["pull_request", "issue_comment", "repository"];

/** Whether GitHub lets us do what we need to. */
export function checkGitHub(facts: GitHubFacts): Check {
  if (facts.kind === "none")
    return fail("github", "there is neither a token nor an App", "Set github.app or github.token (docs/github.md).");
  if (facts.kind === "problem") return fail("github", facts.what, facts.hint);
  if (facts.refused.length > 0)
    return fail(
      "github",
      `GitHub does not give us ${facts.refused.join(", ")}`,
      facts.kind === "app"
        ? "Install the App there."
        : "Give the token's user access, and the token these repositories.",
    );
  return facts.kind === "app" ? checkApp(facts) : checkToken(facts);
}

function checkApp({ slug, permissions: given, events: heard }: Extract<GitHubFacts, { kind: "app" }>): Check {
  const missing = Object.entries(permissions)
    .filter(([name, level]) => given[name] !== "write" && given[name] !== level)
    .map(([name, level]) => `${name}: ${level}`);
  const hint = "Add it on the App's page, and accept it where the App is installed (docs/github.md).";
  if (missing.length > 0) return fail("github", `the App ${slug} lacks ${missing.join(", ")}`, hint);
  const deaf = events.filter((event) => !heard.includes(event));
  if (deaf.length > 0) return warn("github", `the App ${slug} is not told of ${deaf.join(", ")}`, hint);
  return ok("github", `the App ${slug} may do what it needs to`);
}

function checkToken({ login, scopes }: Extract<GitHubFacts, { kind: "token" }>): Check {
  if (scopes !== null && !scopes.includes("repo"))
    return fail(
      "github",
      `the token of ${login} lacks the scope repo (it has ${scopes.join(", ") || "none"})`,
      "Add the scope, or better use a fine-grained token or an App (docs/github.md).",
    );
  const kind = scopes === null ? "; what a fine-grained token may do is told only when it is used" : "";
  return ok("github", `the token is ${login}'s${kind}`);
}

/** Whether events can be believed, or come at all. */
export function checkWebhook({ secrets, pollMs }: { secrets: number; pollMs: number }): Check {
  if (secrets > 0)
    return ok("webhook", secrets > 1 ? `${secrets} webhook secrets are accepted` : "the webhook secret is set");
  const minutes = Math.round(pollMs / 60_000);
  return warn(
    "webhook",
    `there is no webhook secret: no event is believed, and pull requests are found every ${minutes > 0 ? `${minutes} min` : `${pollMs / 1000} s`}`,
    "Set github.webhook_secret, the same as on GitHub (docs/github.md). Without an inbound port, github.poll is enough.",
  );
}
