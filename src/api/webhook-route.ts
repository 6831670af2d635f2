import type { Context } from "hono";
import { readBody } from "./body.ts";
import { problemAnswer } from "./problem.ts";
import type { ApiWorld } from "./world.ts";

/** What GitHub sends at most (docs.github.com, "Webhook events and payloads", payload cap). */
const limitBytes = 25 * 1024 * 1024;

/** Takes a delivery's raw bytes and says accepted, duplicate, ignored, or what is wrong with it. */
export function receiveWebhook({ receiveWebhook }: Pick<ApiWorld, "receiveWebhook">) {
  return async (c: Context): Promise<Response> => {
    const body = await readBody(c.req.raw, limitBytes);
    const header = (name: string) => c.req.header(name) ?? "";
    const { status, answer } = await receiveWebhook(body, {
      signature: header("x-hub-signature-256"),
      event: header("x-github-event"),
      delivery: header("x-github-delivery"),
      hookId: header("x-github-hook-id"),
    });
    return "code" in answer ? problemAnswer(answer, status) : c.json(answer, status);
  };
}
