import type { Context } from "hono";
import { describeFailure, InputError } from "../domain/errors.ts";
import { type BodyRefusal, readBody } from "./body.ts";
import { problemAnswer } from "./problem.ts";
import type { ApiWorld } from "./world.ts";

/** What GitHub sends at most (docs.github.com, "Webhook events and payloads", payload cap). */
const limitBytes = 25 * 1024 * 1024;
/** What all deliveries together may hold: who sends them is known only when they are whole. */
const heldLimitBytes = 64 * 1024 * 1024;
const deadlineMs = 30_000;

/**
 * Takes a delivery's raw bytes and says accepted, duplicate, ignored, or what is wrong with it. One without the form of
 * a signature is refused before its body is read.
 */
export function receiveWebhook({ receiveWebhook, clock }: Pick<ApiWorld, "receiveWebhook" | "clock">) {
  let heldBytes = 0;
  return async (c: Context): Promise<Response> => {
    const header = (name: string) => c.req.header(name) ?? "";
    const signature = header("x-hub-signature-256");
    if (!/^sha256=[0-9a-f]{64}$/.test(signature)) {
      return problemAnswer(
        describeFailure(new InputError("bad-signature", "the delivery has no X-Hub-Signature-256 in its form")),
      );
    }
    let ownBytes = 0;
    const hold = (sizeBytes: number): boolean => {
      if (heldBytes + sizeBytes > heldLimitBytes) return false;
      heldBytes += sizeBytes;
      ownBytes += sizeBytes;
      return true;
    };
    const read = new AbortController();
    const late = new AbortController();
    clock.sleep(deadlineMs, read.signal).then(
      () => late.abort(),
      () => undefined,
    );
    try {
      const body = await readBody(c.req.raw, { limitBytes, deadline: late.signal, hold });
      if (typeof body === "string") return refuse(body);
      read.abort();
      const { status, answer } = await receiveWebhook(body, {
        signature,
        event: header("x-github-event"),
        delivery: header("x-github-delivery"),
        hookId: header("x-github-hook-id"),
      });
      return "code" in answer ? problemAnswer(answer, status) : c.json(answer, status);
    } finally {
      read.abort();
      heldBytes -= ownBytes;
    }
  };
}

function refuse(why: BodyRefusal): Response {
  if (why === "late") {
    const what = `the delivery's body did not arrive within ${deadlineMs / 1000} s`;
    return problemAnswer(describeFailure(new InputError("body-invalid", what)), 408);
  }
  const answer = problemAnswer(
    describeFailure(
      new InputError("body-too-large", "too much is being delivered at once", {
        hint: "Deliver it again in a minute.",
      }),
    ),
    503,
  );
  answer.headers.set("retry-after", "60");
  return answer;
}
