import { expect, test } from "vitest";
import { maskSecrets } from "../../src/feedback/masking.ts";

test.each([
  ["a token of GitHub", "using ghp_abcdefghijklmnopqrstuvwxyz0123456789 now", "using *** now"],
  ["a fine-grained one", "github_pat_11ABCDEFG0abcdefghijkl_mnopq", "***"],
  ["a URL's password", "postgres://app:hunter22@db:5432/shop", "postgres://app:***@db:5432/shop"],
  ["a password with a slash is still cut at @", "redis://:p4ss@redis:6379", "redis://:***@redis:6379"],
  ["an AWS key", "id AKIAIOSFODNN7EXAMPLE end", "id *** end"],
  ["an assignment", "DB_PASSWORD=hunter22 next", "DB_PASSWORD=*** next"],
  ["a quoted one", 'password: "two words here"', "password: ***"],
  ["JSON", '{"api_key":"abcd1234","x":1}', '{"api_key":***,"x":1}'],
  ["a header", "Authorization: Bearer abc.def.ghi", "Authorization: Bearer ***"],
  ["a JSON Web Token", "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!", "got ***!"],
  ["Stripe", "sk_test_4eC39HqLyjWDarjtT1zdp7dc", "***"],
  ["Slack", "xoxb-123456789012-abcdef", "***"],
  ["a private key", "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nb", "a\n***\nb"],
  ["a private key that goes on", "a\n-----BEGIN PRIVATE KEY-----\nMIIE\nabc", "a\n***"],
  ["the end of a private key", "MIIEabc\nabc=\n-----END PRIVATE KEY-----\nb", "***\nb"],
])("%s is masked by its form", (_name, text, expected) => {
  expect(maskSecrets(text, [])).toBe(expected);
});

test.each([
  "listening on http://0.0.0.0:3000",
  "connect ECONNREFUSED 127.0.0.1:5432",
  "Error: token expected at line 3",
  "GET /password/reset 200",
  "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
  "commit 0123456789abcdef0123456789abcdef01234567",
  "compose.yaml:31:7 services.web.environment.PASSWORD is not set",
])("%j is told as it is", (text) => {
  expect(maskSecrets(text, [])).toBe(text);
});

test("a known value is masked wherever and however it stands", () => {
  const known = ["s3cr3t/value+1", "s3cr3t", "on", "line one of it\nline two of it"];
  expect(maskSecrets("x s3cr3t/value+1 y s3cr3tly on", known)).toBe("x *** y ***ly on");
  expect(maskSecrets("?q=s3cr3t%2Fvalue%2B1", known)).toBe("?q=***");
  expect(maskSecrets(Buffer.from("s3cr3t/value+1").toString("base64"), known)).toBe("***");
  expect(maskSecrets("got line two of it, then", known)).toBe("got ***, then");
});

test.each([
  "a",
  "password",
  "token ",
  "secret-",
  "api_key",
  `token="`,
  `secret='x"`,
  "password = ",
  "://:",
  "aa://",
  "a://b:c",
  "-----BEGIN PRIVATE KEY-----",
  "-----BEGIN ",
  "-----END A",
  "A=",
  "A\n",
  " \n",
  "eyJ-",
  "eyJaaaaaaaa-",
  "eyJaaaaaaaa.",
  "authorization ",
  "authorization: bearer ",
  "bearer ",
  "gho_",
  "github_pat_",
  "npm_a",
  "AKIAA",
  "xoxa-",
  "sk_live_",
  "sk-",
])(
  "a megabyte of %j is masked, in one line or many, where a quadratic reader would run out of the test's time",
  (piece) => {
    const text = piece.repeat(1_000_000 / piece.length);
    const masked = [
      maskSecrets(text, []),
      maskSecrets(text.replaceAll(/.{4000}/gs, "$&\n"), []),
      maskSecrets(`${piece}${" ".repeat(1_000_000)}`, []),
    ];
    for (const each of masked) expect(each.length).toBeLessThan(100_000);
  },
);

test("a line is cut to 4 KiB and a text to its last 64 KiB, known values masked before", () => {
  expect(maskSecrets("x".repeat(5000), [])).toBe(`${"x".repeat(4096)}…`);
  const lines = Array.from({ length: 100 }, (_, index) => `${index} ${"x".repeat(1000)}`);
  const told = maskSecrets(lines.join("\n"), []);
  expect(told.length).toBe(64 * 1024);
  expect(told.endsWith(lines[99] ?? "")).toBe(true);
  expect(maskSecrets(`${"x".repeat(4090)}s3cr3t-value`, ["s3cr3t-value"])).toBe(`${"x".repeat(4090)}***`);
});

test("a quoted value that is cut off is masked as far as it goes", () => {
  expect(maskSecrets('password="two words', [])).toBe("password=***");
});
