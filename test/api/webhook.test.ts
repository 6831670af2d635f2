import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { describeFailure, InputError } from "../../src/domain/errors.ts";
import { eventually } from "../support/eventually.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { inMemoryWorld, serveApi } from "./in-memory-world.ts";

const signature = `sha256=${"0a".repeat(32)}`;
const signed = { "x-hub-signature-256": signature };
const headers = {
  ...signed,
  "content-type": "application/json",
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
    expect(delivery).toMatchObject({ signature, event: "pull_request", delivery: "d-1", hookId: "h-1" });
    expect(Buffer.from(delivery?.body ?? []).equals(body)).toBe(true);
  });

  test("has empty strings for headers that are missing", async () => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    await fetch(`${server.url}/webhooks/github`, { method: "POST", headers: signed, body: "{}" });
    expect(world.deliveries[0]).toMatchObject({ event: "", delivery: "", hookId: "" });
  });

  test("that is refused is answered as problem+json with our code", async () => {
    const answer = describeFailure(new InputError("bad-signature", "the signature does not match"));
    await using server = await serveApi(inMemoryWorld({ receiveWebhook: async () => ({ status: 401, answer }) }));
    const response = await fetch(`${server.url}/webhooks/github`, { method: "POST", headers: signed, body: "{}" });
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
      headers: signed,
      body: Buffer.alloc(25 * 1024 * 1024),
    });
    expect(response.status).toBe(202);
    expect(world.deliveries[0]?.body.byteLength).toBe(25 * 1024 * 1024);
  });

  test.each(["", "sha256=abc", `sha1=${"0a".repeat(20)}`, `sha256=${"0A".repeat(32)}`, `${signature}, ${signature}`])(
    "with the signature %j is refused before its body is there",
    async (signature) => {
      const world = inMemoryWorld();
      await using server = await serveApi(world);
      const outgoing = { ...headers, "x-hub-signature-256": signature, "content-length": String(20 * 1024 * 1024) };
      const { status, body } = await send(`${server.url}/webhooks/github`, outgoing, 1);
      expect(status).toBe(401);
      expect(JSON.parse(body)).toMatchObject({ code: "bad-signature" });
      expect(world.deliveries).toEqual([]);
    },
  );

  test("that is held back with others is answered 503 beyond 64 MiB, and taken when they are gone", async () => {
    await using server = await serveApi(inMemoryWorld());
    const url = `${server.url}/webhooks/github`;
    const held = Array.from({ length: 3 }, () => hold(url, 21));
    await Promise.all(held.map((each) => each.sent));
    const refused = await eventually<Response | false>(async () => {
      const answer = await fetch(url, { method: "POST", headers, body: Buffer.alloc(4 * 1024 * 1024) });
      return answer.status === 503 && answer;
    });
    if (!refused) throw new Error("unreachable");
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(await refused.json()).toMatchObject({ status: 503, code: "body-too-large" });
    for (const each of held) each.outgoing.destroy();
    await eventually(async () => {
      const answer = await fetch(url, { method: "POST", headers, body: Buffer.alloc(4 * 1024 * 1024) });
      return answer.status === 202;
    });
  });

  test("whose body does not arrive in 30 s is answered 408, and one that is whole by then is not", async () => {
    const clock = fakeClock();
    const world = inMemoryWorld({ clock });
    await using server = await serveApi(world);
    const url = `${server.url}/webhooks/github`;
    expect((await fetch(url, { method: "POST", headers, body: "{}" })).status).toBe(202);
    let asked = 0;
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (ms, signal) => {
      asked += 1;
      return sleep(ms, signal);
    };
    const answered = send(url, { ...headers, "content-length": String(4 * 1024 * 1024) }, 1);
    await eventually(() => asked === 1);
    await clock.advance(30_000);
    expect((await answered).status).toBe(408);
    expect(world.deliveries).toHaveLength(1);
  });
});

/** Sends so many MiB of 25 and stays. */
function hold(url: string, mebibytes: number) {
  const outgoing = request(url, {
    method: "POST",
    headers: { ...headers, "content-length": String(25 * 1024 * 1024) },
  });
  outgoing.on("error", () => undefined);
  const sent = new Promise<void>((resolve) => {
    outgoing.write(Buffer.alloc(mebibytes * 1024 * 1024), () => resolve());
  });
  return { outgoing, sent };
}

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
