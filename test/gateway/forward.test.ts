import { once } from "node:events";
import { request } from "node:http";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import {
  HOST,
  get,
  head,
  headLines,
  openRawUpstream,
  openSite,
  openWorld,
  rawClient,
  rawRequest,
  routeTo,
} from "./world.ts";

test("a request reaches the preview's container with its own Host, path and query", async () => {
  await using site = await openSite((req, res) => res.end(`${req.method} ${req.headers.host} ${req.url}`));
  const text = await rawRequest(
    site.port,
    head(`GET /a%20b?q=1&q=2 HTTP/1.1`, `Host: ${HOST}:8080`, "Connection: close"),
  );
  expect(text).toContain(`GET ${HOST}:8080 /a%20b?q=1&q=2`);
  expect(site.visits).toEqual([{ preview: "7-42", kind: "request" }]);
});

test("bytes beyond ASCII in headers and escapes in the target arrive as they were sent", async () => {
  await using site = await openSite((req, res) =>
    res.setHeader("X-Echo", req.headers["x-name"] ?? "").end(Buffer.from(req.url ?? "")),
  );
  // A body given as text would make Node's own server write the head in UTF-8.
  const bytes = Buffer.from("grüße").toString("latin1");
  const text = await rawRequest(site.port, get("/gr%C3%BC%2fe//..;x", `X-Name: ${bytes}`));
  expect(text).toContain(`X-Echo: ${bytes}\r\n`);
  expect(text).toContain("/gr%C3%BC%2fe//..;x");
});

test("every answer asks not to be indexed, whatever the application says", async () => {
  await using site = await openSite((_, res) => res.setHeader("X-Robots-Tag", "all").end("hi"));
  const lines = headLines(await rawRequest(site.port, get("/")));
  expect(lines.filter((line) => /robots/i.test(line))).toEqual(["X-Robots-Tag: noindex"]);
  for (const raw of [
    head("GET / HTTP/1.1", "Host: nobody.test", "Connection: close"),
    "nonsense\r\n\r\n",
    get("/.mayfly/x"),
  ]) {
    expect(await rawRequest(site.port, raw)).toContain("X-Robots-Tag: noindex");
  }
});

test("hop-by-hop headers and those named in Connection go no further, in either direction", async () => {
  await using upstream = await openRawUpstream((socket) => {
    socket.once("data", (chunk) => {
      const body = chunk.toString("latin1");
      const lines = ["HTTP/1.1 200 OK", "Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: timeout=9", "X-End: 2"];
      socket.end(head(...lines, "Proxy-Authenticate: Basic", `Content-Length: ${body.length}`) + body);
    });
  });
  await using world = await openWorld();
  world.route(routeTo(upstream));
  const lines = [
    "Connection: close, x-foo",
    "X-Foo: secret",
    "Keep-Alive: timeout=5",
    "Proxy-Authorization: Basic eA==",
  ];
  const more = ["TE: trailers", "Proxy-Connection: keep-alive", "Proxy: http://evil", "X-Bar: kept"];
  const text = await rawRequest(world.port, head("GET / HTTP/1.1", `Host: ${HOST}`, ...lines, ...more));
  const [answer = "", seen = ""] = text.split(/\r\n\r\n(.*)/s);
  expect(answer).toContain("X-End: 2");
  expect(answer).not.toMatch(/x-hop|keep-alive: timeout=9|proxy-authenticate/i);
  expect(seen).toContain("X-Bar: kept");
  expect(seen).not.toMatch(/x-foo|timeout=5|proxy|\bTE:/i);
});

test("naming Host or Content-Length in Connection takes neither away", async () => {
  await using site = await openSite((req, res) => {
    req.setEncoding("utf8").on("data", (body) => res.write(`${req.headers.host} got ${body}`));
    req.on("end", () => res.end());
  });
  const lines = [`Host: ${HOST}`, "Connection: close, host, content-length", "Content-Length: 5"];
  expect(await rawRequest(site.port, head("POST / HTTP/1.1", ...lines), "hello")).toContain(`${HOST} got hello`);
});

test("header case and a repeated Set-Cookie survive both ways", async () => {
  await using site = await openSite((req, res) => {
    res.writeHead(200, ["X-CaSe", "Up", "Set-Cookie", "a=1", "Set-Cookie", "b=2"]);
    res.end(req.rawHeaders.filter((_, i) => i % 2 === 0).join(","));
  });
  const text = await rawRequest(site.port, get("/", "X-wEiRd: 1", "x-LOWER: 2"));
  expect(text).toContain("X-CaSe: Up\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n");
  expect(text).toContain("X-wEiRd,x-LOWER");
});

test("trailers pass in both directions", async () => {
  await using site = await openSite((req, res) => {
    req.resume().on("end", () => {
      res.writeHead(200, { Trailer: "X-Sum" });
      res.write("body");
      res.addTrailers({ "X-Sum": `saw ${JSON.stringify(req.trailers)}` });
      res.end();
    });
  });
  const raw = head(
    "POST / HTTP/1.1",
    `Host: ${HOST}`,
    "Connection: close",
    "Transfer-Encoding: chunked",
    "Trailer: X-Check",
  );
  const text = await rawRequest(site.port, raw, "3\r\nabc\r\n0\r\nX-Check: 9\r\nHost: evil\r\n\r\n");
  expect(text).toMatch(/4\r\nbody\r\n0\r\nX-Sum: saw \{"x-check":"9"\}\r\n\r\n$/);
});

test("early hints reach the client before the answer", async () => {
  await using site = await openSite((_, res) => {
    res.writeEarlyHints({ link: ["</a.css>; rel=preload; as=style", "</b.js>; rel=preload; as=script"] });
    res.end("done");
  });
  const text = await rawRequest(site.port, get("/"));
  expect(text).toMatch(
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload; as=style, <\/b\.js>.*\r\n\r\nHTTP\/1\.1 200 OK/,
  );
});

test("an upload that the application refuses before its body is refused without a 100", async () => {
  await using site = await openSite(() => undefined);
  site.upstream.server.on("checkContinue", (_, res) => res.writeHead(413).end("too big"));
  const raw = head("POST / HTTP/1.1", `Host: ${HOST}`, "Content-Length: 9", "Expect: 100-continue");
  const client = rawClient(site.port, raw);
  await eventually(() => client.text().includes("too big"));
  expect(client.text()).toMatch(/^HTTP\/1\.1 413/);
  expect(client.text()).toMatch(/Connection: close/);
  await client.ended;
});

test("an upload that the application wants gets its 100 and goes through", async () => {
  await using site = await openSite((req, res) => req.pipe(res));
  const raw = head(
    "POST / HTTP/1.1",
    `Host: ${HOST}`,
    "Connection: close",
    "Content-Length: 5",
    "Expect: 100-continue",
  );
  const client = rawClient(site.port, raw);
  await eventually(() => client.text() === "HTTP/1.1 100 Continue\r\n\r\n");
  client.socket.write("hello");
  await client.ended;
  expect(client.text()).toMatch(/HTTP\/1\.1 200 OK[^]*hello/);
});

test("HEAD, 204 and 304 keep their headers and have no body", async () => {
  await using site = await openSite((req, res) => {
    if (req.url === "/204") res.writeHead(204).end();
    else if (req.url === "/304") res.writeHead(304, { ETag: '"x"' }).end();
    else res.writeHead(200, { "Content-Length": 12 }).end();
  });
  const text = await rawRequest(site.port, head("HEAD / HTTP/1.1", `Host: ${HOST}`, "Connection: close"));
  expect(text).toMatch(/Content-Length: 12\r\n[^]*\r\n\r\n$/);
  expect(await rawRequest(site.port, get("/204"))).toMatch(/^HTTP\/1\.1 204[^]*\r\n\r\n$/);
  expect(await rawRequest(site.port, get("/304"))).toMatch(/^HTTP\/1\.1 304[^]*ETag: "x"[^]*\r\n\r\n$/);
});

test.each(["POST", "PUT", "PATCH", "DELETE", "GET"])(
  "a chunked %s body arrives whole, and the next request is not taken for it",
  async (method) => {
    const seen: string[] = [];
    await using site = await openSite((req, res) => {
      let body = "";
      req.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      req.on("end", () => {
        seen.push(`${req.method} ${req.url} [${body}]`);
        res.end();
      });
    });
    const raw = head(`${method} /a HTTP/1.1`, `Host: ${HOST}`, "Transfer-Encoding: chunked");
    await rawRequest(site.port, raw, "5\r\nGET /\r\n0\r\n\r\n", get("/next"));
    expect(seen).toEqual([`${method} /a [GET /]`, "GET /next []"]);
  },
);

test("an HTTP/1.0 client gets the body without chunks, ended by the connection", async () => {
  await using site = await openSite((_, res) => {
    res.write("one ");
    res.end("two");
  });
  const text = await rawRequest(site.port, head("GET / HTTP/1.0", `Host: ${HOST}`));
  expect(text).toMatch(/\r\n\r\none two$/);
  expect(text).not.toMatch(/transfer-encoding/i);
});

test("requests on one kept connection are answered in order", async () => {
  await using site = await openSite((req, res) => void setTimeout(() => res.end(req.url), req.url === "/1" ? 30 : 0));
  const keep = (path: string): string => head(`GET ${path} HTTP/1.1`, `Host: ${HOST}`);
  const text = await rawRequest(site.port, keep("/1") + keep("/2") + get("/3"));
  expect(text.match(/\/\d/g)?.filter((path) => path !== "/1.1" && path !== "/1")).toEqual(["/2", "/3"]);
  expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
});

test("an early answer to an upload is delivered, and the connection can go on", async () => {
  await using site = await openSite((req, res) => {
    if (req.url === "/early") res.writeHead(403).end("no");
    else req.resume().on("end", () => res.end("later"));
  });
  const outgoing = request({
    host: "127.0.0.1",
    port: site.port,
    path: "/early",
    method: "POST",
    headers: { Host: HOST },
  });
  outgoing.on("error", () => undefined);
  outgoing.write(Buffer.alloc(300_000));
  const [answer] = await once(outgoing, "response");
  expect(answer.statusCode).toBe(403);
  outgoing.destroy();
});

test.each(['"cookies"', "*", '"cache", "storage"'])(
  "a preview cannot clear what a browser keeps: %s",
  async (value) => {
    await using site = await openSite((_, res) =>
      res.writeHead(200, { "Clear-Site-Data": value, "X-Kept": "1" }).end(),
    );
    const lines = headLines(await rawRequest(site.port, get("/")));
    expect(lines).toContain("X-Kept: 1");
    expect(lines.filter((line) => /^clear-site-data/i.test(line))).toEqual([]);
  },
);
