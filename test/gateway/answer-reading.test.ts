import { expect, test } from "vitest";
import { createBodyReader } from "../../src/gateway/answer-body.ts";
import { type BodyFraming, readAnswerHead } from "../../src/gateway/answer-head.ts";

const read = (text: string, isHead = false) =>
  readAnswerHead(Buffer.from(text, "latin1"), { isHead, mostBytes: 65_536 });
const ok = (...lines: string[]): string => ["HTTP/1.1 200 OK", ...lines, "", ""].join("\r\n");

test.each<[string, string, BodyFraming, boolean]>([
  ["a length", ok("Content-Length: 5"), { kind: "length", bytes: 5 }, true],
  ["chunks", ok("transfer-encoding:\tChunked "), { kind: "chunked" }, true],
  ["no body by its status", "HTTP/1.1 304 \r\nContent-Length: 5\r\n\r\n", { kind: "none" }, true],
  ["a connection that closes", ok("Content-Length: 0", "Connection: x, Close"), { kind: "length", bytes: 0 }, false],
])("an answer's head with %s is read", (_, text, framing, stays) => {
  expect(read(text)).toMatchObject({ kind: "head", framing, stays, size: text.length });
});

test("an answer's head keeps the case and the order of its headers, and a HEAD's answer has no body", () => {
  const text = ok("X-A:  1 ", "Set-Cookie: a", "set-cookie: \xe4", "Content-Length: 9", "X-Empty:");
  expect(read(`${text}rest`, true)).toEqual({
    kind: "head",
    head: {
      status: 200,
      phrase: "OK",
      rawHeaders: ["X-A", "1", "Set-Cookie", "a", "set-cookie", "\xe4", "Content-Length", "9", "X-Empty", ""],
      connection: undefined,
      contentType: undefined,
      chunked: false,
    },
    framing: { kind: "none" },
    size: text.length,
    stays: true,
  });
});

test.each([
  ["an older HTTP", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
  ["no HTTP", "SSH-2.0-"],
  ["a status on the way", "HTTP/1.1 103 Early Hints\r\n\r\n"],
  ["an impossible status", "HTTP/1.1 042 Low\r\nContent-Length: 0\r\n\r\n"],
  ["a control character in its phrase", "HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n"],
  ["no framing", ok("X: 1")],
  ["both framings", ok("Content-Length: 3", "Transfer-Encoding: chunked")],
  ["two lengths", ok("Content-Length: 3", "Content-Length: 3")],
  ["a list of lengths", ok("Content-Length: 3, 3")],
  ["a signed length", ok("Content-Length: +3")],
  ["an endless length", ok("Content-Length: 9999999999999999")],
  ["two codings", ok("Transfer-Encoding: gzip, chunked")],
  ["its coding twice", ok("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")],
  ["a coding where no body can be", "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["a folded line", ok("X: 1", " 2", "Content-Length: 0")],
  ["a space before the colon", ok("Content-Length : 0")],
  ["a line without a colon", ok("Content-Length: 0", "nonsense")],
  ["an empty name", ok(": 1", "Content-Length: 0")],
  ["a bare LF", "HTTP/1.1 200 OK\r\nX: 1\nContent-Length: 3\r\n\r\n"],
  ["a bare CR", ok("X: 1\rContent-Length: 3", "Content-Length: 0")],
  ["a NUL", ok("X: a\0b", "Content-Length: 0")],
  ["an upgrade", ok("Upgrade: h2c", "Content-Length: 0")],
  ["too much of it", ok(`X: ${"x".repeat(70_000)}`, "Content-Length: 0")],
  ["too much of it, and no end", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}`],
])("an answer's head with %s is left to the whole parser", (_, text) => {
  expect(read(text)).toEqual({ kind: "other" });
});

test("an answer's head that has not come whole is waited for, wherever it was cut", () => {
  const text = ok("Content-Length: 5");
  for (let at = 0; at < text.length; at++) expect(read(text.slice(0, at))).toEqual({ kind: "partial" });
});

function readBody(framing: BodyFraming, ...pieces: string[]) {
  const got: string[] = [];
  const reader = createBodyReader(framing, (piece) => void got.push(piece.toString("latin1")));
  let outcome = "more";
  for (const piece of pieces) if (outcome === "more") outcome = reader.read(Buffer.from(piece, "latin1"));
  return { text: got.join(""), outcome, surplus: reader.hasSurplus(), trailers: reader.rawTrailers() };
}

test.each<[string, BodyFraming, string, object]>([
  ["a length", { kind: "length", bytes: 3 }, "abc", { text: "abc", outcome: "end", surplus: false }],
  ["a length and more", { kind: "length", bytes: 3 }, "abcHTTP/1.1", { text: "abc", outcome: "end", surplus: true }],
  ["no body", { kind: "none" }, "", { text: "", outcome: "end", surplus: false }],
  ["no body and more", { kind: "none" }, "x", { text: "", outcome: "end", surplus: true }],
  [
    "chunks",
    { kind: "chunked" },
    "1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",
    { text: "abc", outcome: "end", surplus: false },
  ],
  ["chunks and more", { kind: "chunked" }, "0\r\n\r\nHTTP", { text: "", outcome: "end", surplus: true }],
  [
    "trailers",
    { kind: "chunked" },
    "A\r\n0123456789\r\n0\r\nX-Sum: 1\r\nY:2\r\n\r\n",
    { text: "0123456789", outcome: "end", trailers: ["X-Sum", "1", "Y", "2"] },
  ],
  ["no size", { kind: "chunked" }, "\r\nabc", { outcome: "bad" }],
  ["a size that is no number", { kind: "chunked" }, "0x3\r\nabc\r\n", { outcome: "bad" }],
  ["a negative size", { kind: "chunked" }, "-1\r\n", { outcome: "bad" }],
  ["a size beyond counting", { kind: "chunked" }, "fffffffffffffff\r\n", { outcome: "bad" }],
  ["a chunk longer than it says", { kind: "chunked" }, "1\r\nab\r\n", { outcome: "bad" }],
  ["a bare LF behind its size", { kind: "chunked" }, "1\na\r\n", { outcome: "bad" }],
  ["a control character in an extension", { kind: "chunked" }, "1;\x01\r\na\r\n", { outcome: "bad" }],
  ["an endless extension", { kind: "chunked" }, `1;${"x".repeat(10_000)}`, { outcome: "bad" }],
  ["a trailer that is no field", { kind: "chunked" }, "0\r\nnonsense\r\n\r\n", { outcome: "bad" }],
])("a body with %s is read the same in one piece and byte by byte", (_, framing, text, expected) => {
  expect(readBody(framing, text)).toMatchObject(expected);
  const { surplus: _surplus, ...rest } = expected as { surplus?: boolean };
  expect(readBody(framing, "", ...text.split(""))).toMatchObject(rest);
});
