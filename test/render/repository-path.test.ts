import { expect, test } from "vitest";
import { followLinks } from "../../src/render/repository-path.ts";
import { readerOf } from "./fixtures.ts";

const links: Record<string, string> = {
  current: "releases/2",
  "releases/2/config": "../../shared/config",
  up: "..",
  "shared/out": "../../etc/passwd",
  absolute: "/etc/passwd",
  round: "about",
  about: "round",
};
const reader = { ...readerOf({}), linkAt: (path: string) => links[path] ?? null };

test.each([
  ["a path without links", "site/index.html", "site/index.html"],
  ["the root", ".", "."],
  ["a link", "current", "releases/2"],
  ["a link on the way", "current/index.html", "releases/2/index.html"],
  ["a link behind a link", "current/config/a.conf", "shared/config/a.conf"],
  ["a link that leads above the root", "up", null],
  ["a link that climbs out", "shared/out", null],
  ["an absolute link", "absolute", null],
  ["links in a circle", "round/x", null],
])("%s", (_what, path, expected) => {
  expect(followLinks(reader, path)).toBe(expected);
});
