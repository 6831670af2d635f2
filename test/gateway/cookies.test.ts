import { expect, test } from "vitest";
import { narrowCookie } from "../../src/gateway/cookie-domain.ts";
import { HOST, get, headLines, openSite, rawRequest } from "./world.ts";

test.each([
  ["a=1", "a=1"],
  ["a=1; Path=/; HttpOnly", "a=1; Path=/; HttpOnly"],
  [`a=1; Domain=${HOST}; Path=/`, `a=1; Domain=${HOST}; Path=/`],
  [`a=1; domain=.${HOST.toUpperCase()}`, `a=1; domain=.${HOST.toUpperCase()}`],
  ["a=1; Domain=preview.test; Path=/", "a=1; Path=/"],
  ["a=1; Domain=.preview.test", "a=1"],
  ["a=1; dOmAiN = Preview.Test ; Secure", "a=1; Secure"],
  ["a=1; Domain=test", "a=1"],
  ["a=1; Domain=shop-pr-43.preview.test", "a=1"],
  ["a=1; Domain=production.example", "a=1"],
  ["a=1; Domain=", "a=1"],
  ["a=1; Domain", "a=1"],
  [`a=1; Domain=${HOST}; Domain=preview.test`, `a=1; Domain=${HOST}`],
  ["a=1;Domain=preview.test;Path=/", "a=1;Path=/"],
  ["a=domain=preview.test; Path=/", "a=domain=preview.test; Path=/"],
  ['a="1; Domain=preview.test"', 'a="1'],
])("%s becomes %s", (given, kept) => {
  expect(narrowCookie(given, HOST)).toBe(kept);
});

test("an application's cookie for its siblings arrives as one for itself", async () => {
  await using site = await openSite((_, res) => {
    res.writeHead(200, { "Set-Cookie": ["sid=1; Domain=preview.test; Path=/", "theme=dark"] }).end();
  });
  const lines = headLines(await rawRequest(site.port, get("/")));
  expect(lines.filter((line) => line.startsWith("Set-Cookie"))).toEqual([
    "Set-Cookie: sid=1; Path=/",
    "Set-Cookie: theme=dark",
  ]);
});
