import { describe, expect, test } from "vitest";
import { isImageReference, isOwnImage, isPrivateRegistry, registryHostOf } from "../../src/domain/image-reference.ts";

const digest = `@sha256:${"0".repeat(64)}`;

describe("a reference of an image", () => {
  test.each([
    ["node", null],
    ["node:24-Alpine_3.20", null],
    ["acme/shop__a-b--c.d:1", null],
    [`node:24${digest}`, null],
    ["ghcr.io/acme/shop:1", "ghcr.io"],
    ["registry.example.com:5000/a/b/c", "registry.example.com:5000"],
    ["localhost/x", "localhost"],
    ["host:80/x", "host:80"],
  ])("%s is one, of the registry %s", (text, host) => {
    expect(isImageReference(text)).toBe(true);
    expect(registryHostOf(text)).toBe(host);
  });

  test.each([
    "",
    "Node",
    "node ",
    "node:",
    "node:a/b",
    ".node",
    "-node",
    "a//b",
    "a/../b",
    "../a",
    "/a",
    "a/",
    "a..b",
    "a___b",
    "a%2Fb",
    "a?b",
    "a#b",
    "a@sha256:00",
    "a@sha512:00",
    "http://a/b",
    "[::1]:5000/a",
    "a.b_c/d",
    "host.:80/x",
    "host:123456/x",
    `a:${"b".repeat(129)}`,
    "a".repeat(256),
    "a\nb",
    "a\n",
  ])("%j is none", (text) => {
    expect(isImageReference(text)).toBe(false);
  });
});

test.each([
  ["mayfly.local/7/team:a", true],
  ["MAYFLY.local:443/7", true],
  ["docker.io/mayfly.local/7", true],
  ["index.docker.io/library/mayfly.local@sha256:0", true],
  ["mayfly.localhost/7", false],
  ["notmayfly.local/7", false],
])("%s is ours: %s", (text, own) => {
  expect(isOwnImage(text)).toBe(own);
});

test.each([
  ["localhost", true],
  ["localhost:5000", true],
  ["a.localhost", true],
  ["metadata.google.internal", true],
  ["registry:5000", true],
  ["127.0.0.1", true],
  ["127.1:5000", true],
  ["0177.0.0.1", true],
  ["10.0x1", true],
  ["1.2.3.4.5", true],
  ["0.0.0.0", true],
  ["10.1.2.3:443", true],
  ["172.16.0.1", true],
  ["172.31.255.255", true],
  ["192.168.1.1", true],
  ["169.254.169.254", true],
  ["100.64.0.1", true],
  ["172.32.0.1", false],
  ["8.8.8.8:5000", false],
  ["ghcr.io", false],
  ["registry.example.com:5000", false],
])("the registry %s is of this host or its network: %s", (host, isPrivate) => {
  expect(isPrivateRegistry(host)).toBe(isPrivate);
});
