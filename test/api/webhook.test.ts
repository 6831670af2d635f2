import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { describeFailure, InputError } from "../../src/domain/errors.ts";
import { inMemoryWorld, serveApi } from "./in-memory-world.ts";

const headers = {
  "content-type": "application/json",
  "x-hub-signature-256": "sha256=abc",
  "x-github-event": "pull_request",
  "x-github-delivery": "d-1",
  "x-github-hook-id": "h-1",
};

describe("a webhook", () => {
  test("is handed over byte for byte, with its headers, and answered 202 with what became of it", async () => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    const body = Buffer.from('\ufeff{ "title" : "caf\u00e9 \u{1f41d}" }\r\n\xff', "latin1");
    const response = await fetch(`${server.url}/webhooks/github`, { method: "POST", headers, body });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ status: "accepted", reason: "pull request opened" });
    const [delivery] = world.deliveries;
    expect(delivery).toMatchObject({ signature: "sha256=abc", event: "pull_request", delivery: "d-1", hookId: "h-1" });
    expect(Buffer.from(delivery?.body ?? []).equals(body)).toBe(true);
  });

  test("has empty strings for headers that are missing", async () => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    await fetch(`${server.url}/webhooks/github`, { method: "POST", body: "{}" });
    expect(world.deliveries[0]).toMatchObject({ signature: "", event: "", delivery: "", hookId: "" });
  });

  test("that is refused is answered as problem+json with our code", async () => {
    const answer = describeFailure(new InputError("bad-signature", "the signature does not match"));
    await using server = await serveApi(inMemoryWorld({ receiveWebhook: async () => ({ status: 401, answer }) }));
    const response = await fetch(`${server.url}/webhooks/github`, { method: "POST", body: "{}" });
    expect(response.status).toBe(401);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({
      status: 401,
      code: "bad-signature",
      detail: "the signature does not match",
    });
  });

  test.each([
    ["announces more than 25 MiB", { "content-length": String(25 * 1024 * 1024 + 1) }, 1],
    ["sends more than 25 MiB without announcing it", { "transfer-encoding": "chunked" }, 26],
  ])("that %s is answered 413 and never handed over", async (_, sizing, chunks) => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    const { status, body } = await send(`${server.url}/webhooks/github`, { ...headers, ...sizing }, chunks);
    expect(status).toBe(413);
    expect(JSON.parse(body)).toMatchObject({ code: "body-too-large", title: "The request body is too large" });
    expect(world.deliveries).toEqual([]);
  });

  test("of exactly 25 MiB is taken", async () => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    const response = await fetch(`${server.url}/webhooks/github`, {
      method: "POST",
      body: Buffer.alloc(25 * 1024 * 1024),
    });
    expect(response.status).toBe(202);
    expect(world.deliveries[0]?.body.byteLength).toBe(25 * 1024 * 1024);
  });
});

/** Sends MiB chunks until the server answers; fetch would not let the two overlap. */
function send(url: string, headers: Record<string, string>, chunks: number): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: "POST", headers }, (incoming) => {
      let body = "";
      incoming.setEncoding("utf8");
      incoming.on("data", (text: string) => (body += text));
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, body }));
      outgoing.removeListener("error", reject).on("error", () => undefined);
    });
    outgoing.on("error", reject);
    for (let count = 0; count < chunks; count += 1) outgoing.write(Buffer.alloc(1024 * 1024));
    if (!("content-length" in headers)) outgoing.end();
  });
}
