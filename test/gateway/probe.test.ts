import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { HOST, openRawUpstream, openSite, openWorld, routeTo } from "./world.ts";

const web = (upstream: Parameters<typeof routeTo>[0]): ReturnType<typeof routeTo> =>
  routeTo(upstream, { generation: 2 });

test("a candidate is asked under the preview's own host although the table does not know it, and it is no visit", async () => {
  await using site = await openSite((req, res) => {
    res
      .writeHead(404)
      .end(`${req.headers.host} ${req.url} ${String(req.headers["x-forwarded-for"])} ${req.headers["user-agent"]}`);
  });
  site.table = new Map();
  const result = await site.gateway.probe({
    route: web(site.upstream),
    host: `${HOST}:8080`,
    path: "/login?x=1",
    timeoutMs: 5000,
  });
  expect(result).toEqual({ status: 404, location: null, body: `${HOST}:8080 /login?x=1 127.0.0.1 mayfly-probe` });
  expect(site.visits).toEqual([]);
});

test("a redirect is told, not followed", async () => {
  let asked = 0;
  await using site = await openSite(
    (_, res) => void ((asked += 1), res.writeHead(302, { Location: "http://169.254.169.254/" }).end()),
  );
  const result = await site.gateway.probe({ route: web(site.upstream), path: "/", timeoutMs: 5000 });
  expect(result).toMatchObject({ status: 302, location: "http://169.254.169.254/" });
  expect(asked).toBe(1);
});

test("an endless body is read no further than its cap", async () => {
  let closed = false;
  await using site = await openSite((_, res) => {
    const more = (): void => {
      while (!res.destroyed && res.write("x".repeat(8192)));
      if (!res.destroyed) res.once("drain", more);
    };
    res.on("close", () => (closed = true));
    more();
  });
  const result = await site.gateway.probe({ route: web(site.upstream), path: "/", timeoutMs: 5000 });
  expect(result).toMatchObject({ status: 200 });
  expect("body" in result && result.body.length).toBe(64 * 1024);
  await eventually(() => closed);
});

test("a refused connection, a dead application and a slow one are told apart", async () => {
  await using dying = await openRawUpstream((socket) => void socket.once("data", () => socket.destroy()));
  await using silent = await openRawUpstream((socket) => void socket.resume());
  await using world = await openWorld();
  const probe = (upstream: { address: string; port: number }, signal?: AbortSignal): Promise<unknown> =>
    world.gateway.probe({
      route: web(upstream),
      path: "/",
      timeoutMs: signal === undefined ? 60 : 60_000,
      ...(signal && { signal }),
    });
  expect(await probe({ address: "127.0.0.1", port: 1 })).toEqual({ error: "unreachable", code: "ECONNREFUSED" });
  expect(await probe(dying)).toEqual({ error: "died", code: "ECONNRESET" });
  expect(await probe(silent)).toEqual({ error: "timeout", code: "PROBE_TIMEOUT" });
  expect(await probe(silent, AbortSignal.timeout(30))).toEqual({ error: "aborted", code: "PROBE_ABORTED" });
  expect(await probe(silent, AbortSignal.abort())).toEqual({ error: "aborted", code: "PROBE_ABORTED" });
});

test("an application's own 502 is an answer, not a failure of the probe", async () => {
  await using site = await openSite((_, res) => res.writeHead(502).end("mine"));
  expect(await site.gateway.probe({ route: web(site.upstream), path: "/", timeoutMs: 5000 })).toMatchObject({
    status: 502,
    body: "mine",
  });
});
