import { createHash } from "node:crypto";
import { Webhooks } from "@octokit/webhooks";
import { ZodError } from "zod";
import { describeFailure, type Failure, InputError } from "../domain/errors.ts";
import type { Ignored, Intent } from "../domain/intent.ts";
import { readGitHubEvent } from "./github-event.ts";
import type { Intake } from "./intake.ts";

/** The headers GitHub sends with a delivery; an empty string where one is missing. */
export type DeliveryHeaders = { signature: string; event: string; delivery: string; hookId: string };

export type Answer =
  | { status: 202; answer: { status: "accepted" | "duplicate" | "ignored"; reason: string } }
  | { status: 400 | 401; answer: Failure };

/**
 * Verifies a delivery over its raw bytes (GitHub, "Validating webhook deliveries": SHA-256 HMAC, compared in constant
 * time), with each secret in turn so that they can be rotated, and stores it before it is acknowledged.
 */
export function createWebhook(world: { secrets: readonly string[]; intake: Intake }) {
  // One verifier a secret: `additionalSecrets` is ignored by `verify` (tried with 14.2.0).
  const verifiers = world.secrets.filter((secret) => secret !== "").map((secret) => new Webhooks({ secret }));
  return async (body: Uint8Array, headers: DeliveryHeaders): Promise<Answer> => {
    // Decoded to the very same bytes: a swallowed byte order mark or replaced character would verify another text.
    const text = decode(body);
    if (text === null || !(await isSigned(text, headers.signature, verifiers))) {
      return {
        status: 401,
        answer: describeFailure(new InputError("bad-signature", "the delivery's X-Hub-Signature-256 does not match")),
      };
    }
    const missing = (["event", "delivery"] as const).find((name) => headers[name] === "");
    if (missing) return refuse(`the X-GitHub-${missing === "event" ? "Event" : "Delivery"} header is missing`);
    const intent = readIntent(headers.event, text);
    if ("problem" in intent) return refuse(intent.problem);
    if (intent.kind === "ignored") return { status: 202, answer: { status: "ignored", reason: intent.reason } };
    const bodyHash = createHash("sha256").update(body).digest("hex");
    const { hookId, delivery, event } = headers;
    return { status: 202, answer: await world.intake.submit(intent, { hookId, delivery, event, bodyHash }) };
  };
}

function decode(body: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    // Not UTF-8: no GitHub delivery, so nothing can be signed rightly.
    return null;
  }
}

async function isSigned(text: string, signature: string, verifiers: readonly Webhooks[]): Promise<boolean> {
  // `verify` throws on what is empty instead of refusing it.
  if (!/^sha256=[0-9a-f]{64}$/.test(signature) || text === "") return false;
  for (const verifier of verifiers) {
    if (await verifier.verify(text, signature)) return true;
  }
  return false;
}

function readIntent(event: string, text: string): Intent | Ignored | { problem: string } {
  try {
    return readGitHubEvent(event, JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError)
      return { problem: "the body is not JSON (set the webhook's content type to application/json)" };
    if (!(error instanceof ZodError)) throw error;
    const [issue] = error.issues;
    return { problem: `the ${event} payload lacks ${issue?.path.join(".") ?? "a field"}: ${issue?.message ?? ""}` };
  }
}

function refuse(problem: string): Answer {
  return { status: 400, answer: describeFailure(new InputError("body-invalid", problem)) };
}
