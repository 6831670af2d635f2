import { describe, expect, test } from "vitest";
import { type Claim, createKeys, type KeyKind } from "../../src/gateway/keys.ts";
import { cookieName, ourCookies, setsOurs, withoutOurs } from "../../src/gateway/our-headers.ts";
import { openPath, readDoor } from "../../src/gateway/door.ts";

const keys = createKeys("a secret");
const claim: Claim = { epoch: 3, until: 2_000_000, note: "abc1" };
const now = { epoch: 3, ms: 1_000_000 };
const key = keys.sign("cookie", ["7-42", "link", "a.test"], claim);

describe("a key", () => {
  test("tells what was written on it, and fits into a path, a cookie and a header as it is", () => {
    expect(keys.check(key, "cookie", ["7-42", "link", "a.test"], now)).toEqual({ kind: "valid", claim });
    expect(key).toMatch(/^[A-Za-z0-9_.-]+$/);
    const lasting = keys.sign("open", ["7-42"], { epoch: 0, until: null, note: "" });
    expect(keys.check(lasting, "open", ["7-42"], { epoch: 0, ms: 9e15 }).kind).toBe("valid");
  });

  test.each<[string, string, KeyKind, string[], { epoch: number; ms: number }, string]>([
    ["after its end", key, "cookie", ["7-42", "link", "a.test"], { epoch: 3, ms: 2_000_000 }, "ended"],
    ["of an epoch that is over", key, "cookie", ["7-42", "link", "a.test"], { epoch: 4, ms: 0 }, "ended"],
    ["of an epoch to come", key, "cookie", ["7-42", "link", "a.test"], { epoch: 2, ms: 0 }, "ended"],
    ["used as another kind", key, "open", ["7-42", "link", "a.test"], now, "forged"],
    ["of another preview", key, "cookie", ["7-43", "link", "a.test"], now, "forged"],
    ["of another host", key, "cookie", ["7-42", "link", "b.test"], now, "forged"],
    ["of another mode", key, "cookie", ["7-42", "sign-in", "a.test"], now, "forged"],
    ["whose parts were moved", key, "cookie", ["7-42", "linka.test"], now, "forged"],
    ["with a later end", key.replace(/^3-\w+/, "3-zzzzzz"), "cookie", ["7-42", "link", "a.test"], now, "forged"],
    ["with another note", key.replace("abc1", "abc2"), "cookie", ["7-42", "link", "a.test"], now, "forged"],
    ["with a letter too many", `${key}A`, "cookie", ["7-42", "link", "a.test"], now, "forged"],
    ["cut short", key.slice(0, -1), "cookie", ["7-42", "link", "a.test"], now, "forged"],
    ["of nothing", "", "cookie", ["7-42", "link", "a.test"], now, "forged"],
    ["of another server", createKeys("b").sign("cookie", ["7-42"], claim), "cookie", ["7-42"], now, "forged"],
  ])("%s does not open", (_name, given, kind, subject, at, verdict) => {
    expect(keys.check(given, kind, subject, at).kind).toBe(verdict);
  });

  test("every letter of it counts", () => {
    for (let i = 0; i < key.length; i += 1) {
      const other = `${key.slice(0, i)}${key[i] === "x" ? "y" : "x"}${key.slice(i + 1)}`;
      expect(keys.check(other, "cookie", ["7-42", "link", "a.test"], now).kind).not.toBe("valid");
    }
  });
});

test.each([
  [openPath("K"), "/"],
  [openPath("K", "/cart?x=1&mayfly=2#a"), "/cart?x=1&mayfly=2#a"],
  [openPath("K", "?x=1"), "/?x=1"],
  [openPath("K", ""), "/"],
  [openPath("K", "//evil.example/"), "/evil.example/"],
  [openPath("K", "/\\evil.example"), "/evil.example"],
  [openPath("K", "/%2fevil.example/%2e%2e"), "/%2fevil.example/%2e%2e"],
  [openPath("K", "/..//evil.example"), "/..//evil.example"],
])("the link %s leads to %s", (path, rest) => {
  expect(readDoor(path)).toEqual({ kind: "open", key: "K", rest });
  expect(new URL(rest, "https://here.test").host).toBe("here.test");
});

test.each([
  ["cookie", "a=1; mayfly-preview=x; b=2", "a=1; b=2"],
  ["cookie", "mayfly-preview=x", null],
  ["cookie", " __Host-mayfly-preview=x;mayfly-preview=y ; ", null],
  ["cookie", "MAYFLY-Preview=x; a=1", "a=1"],
  ["cookie", 'a="1; not-mayfly-preview=x"', 'a="1; not-mayfly-preview=x"'],
  ["cookie", "a=mayfly-preview=x", "a=mayfly-preview=x"],
  ["cookie", "mayfly-preview", null],
  ["mayfly-bypass", "key", null],
  ["referer", "https://a.test/cart", "https://a.test/cart"],
  ["referer", "https://a.test/.mayfly/open/KEY/cart", null],
  ["accept", "mayfly-preview=x", "mayfly-preview=x"],
])("of %s: %s the application gets %s", (name, value, left) => {
  expect(withoutOurs(name, value)).toBe(left);
});

test("our cookie is found beside others and planted ones, and no application may set it", () => {
  expect(ourCookies("a=1; mayfly-preview=one;mayfly-preview=two; xmayfly-preview=3", "mayfly-preview")).toEqual([
    "one",
    "two",
  ]);
  expect(ourCookies("mayfly-preview=one", "__Host-mayfly-preview")).toEqual([]);
  expect(cookieName(true)).toBe("__Host-mayfly-preview");
  expect(["mayfly-preview=; Path=/", " __host-Mayfly-preview=1", "mayfly-preview"].every(setsOurs)).toBe(true);
  expect(["mayfly=1", "a=mayfly-preview=1", "a=1; mayfly-preview=1"].some(setsOurs)).toBe(false);
});
