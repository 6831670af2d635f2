import { describe, expect, test } from "vitest";
import { createApi } from "../../src/api/server.ts";
import { eventually } from "../support/eventually.ts";
import { inMemoryWorld, serveApi, token } from "./in-memory-world.ts";

const headers = { authorization: `Bearer ${token}` };
const logs = "/api/previews/shop-pr-42/logs";

describe("logs", () => {
  test.each([
    [
      "",
      [
        { service: "web", line: "listening on 3000", at: 1_000 },
        { service: "db", line: "ready to accept connections", at: 2_000 },
      ],
    ],
    ["?service=web", [{ service: "web", line: "listening on 3000", at: 1_000 }]],
    ["?tail=1", [{ service: "db", line: "ready to accept connections", at: 2_000 }]],
    ["?service=nobody", []],
  ])("without follow are an array: %s", async (query, lines) => {
    await using server = await serveApi(inMemoryWorld());
    expect(await (await fetch(`${server.url}${logs}${query}`, { headers })).json()).toEqual(lines);
  });

  test("download as text", async () => {
    await using server = await serveApi(inMemoryWorld());
    const response = await fetch(`${server.url}${logs}?format=text`, { headers });
    expect(response.headers.get("content-disposition")).toBe('attachment; filename="shop-pr-42.log"');
    expect(await response.text()).toBe("web | listening on 3000\ndb | ready to accept connections\n");
  });

  test("of builds are there too", async () => {
    await using server = await serveApi(inMemoryWorld());
    const response = await fetch(`${server.url}/api/previews/shop-pr-42/build-logs?follow=true`, { headers });
    expect(await response.text()).toBe(
      'event: line\ndata: {"service":"web","line":"#1 FROM node:24"}\n\nevent: end\ndata: null\n\n',
    );
  });

  test("that are followed come as they are written, and stop being read when the client leaves", async () => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    const client = new AbortController();
    const response = await fetch(`${server.url}${logs}?service=web&follow=true`, { headers, signal: client.signal });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(await readUntil(response, "line 2")).toContain(
      'event: line\ndata: {"service":"web","line":"listening on 3000","at":1000}\n\n',
    );
    expect(world.followers).toBe(1);
    client.abort();
    await eventually(() => world.followers === 0);
  });

  test("that are followed end when the server stops", async () => {
    const world = inMemoryWorld();
    const api = createApi(world);
    const response = await api.fetch(new Request(`http://mayfly.test${logs}?follow=true`, { headers }));
    const text = response.text();
    await eventually(() => world.followers === 1);
    api.close();
    expect(await text).not.toContain("event: end");
    await eventually(() => world.followers === 0);
  });

  test("that break while followed end with the problem", async () => {
    const broken = async function* () {
      yield { service: "web", line: "one", at: null };
      throw new Error("secret inside");
    };
    await using server = await serveApi(inMemoryWorld({ logs: broken }));
    const text = await (await fetch(`${server.url}${logs}?follow=true`, { headers })).text();
    expect(text).toContain('event: problem\ndata: {"type":"urn:mayfly:error:internal"');
    expect(text).not.toContain("secret");
  });

  test("that are silent are kept alive", async () => {
    const silent = async function* (_key: string, { signal }: { signal: AbortSignal }) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      yield* [];
    };
    const world = inMemoryWorld({ logs: silent });
    const clock = { ...world.clock, sleep: (_ms: number, signal?: AbortSignal) => world.clock.sleep(5, signal) };
    await using server = await serveApi({ ...world, clock });
    const client = new AbortController();
    const response = await fetch(`${server.url}${logs}?follow=true`, { headers, signal: client.signal });
    expect(await readUntil(response, ": still here")).toBe(": still here\n\n");
    client.abort();
  });
});

async function readUntil(response: Response, wanted: string): Promise<string> {
  let text = "";
  for await (const chunk of (response.body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes(wanted)) break;
  }
  return text;
}
