import { expect, test } from "vitest";
import type { LeftPart } from "../../src/domain/git-parts.ts";
import { type Files, preview, render } from "./fixtures.ts";

const files: Files = {
  "web/Dockerfile": "FROM node:24\nEXPOSE 3000\n",
  ".gitmodules": '[submodule "d"]\n\turl = ../design\n\tpath = web/design\n[submodule "x"]\n\tpath = docs/x\n',
  ".gitattributes": "* text=auto\n*.bin filter=lfs -text\n",
  "db/rows.sql": "version https://git-lfs.github.com/spec/v1\n",
};
const built = "services: { web: { build: web, ports: [3000] } }";
const design: LeftPart = { kind: "submodule", path: "web/design", repository: "acme/design" };
const lfs = (path: string): LeftPart => ({ kind: "lfs", path });

const told = (compose: string, left: LeftPart[], facts: Partial<typeof preview> = {}) => {
  const { findings } = render({ ...files, "compose.yaml": compose }, { left, preview: { ...preview, ...facts } });
  return findings
    .filter(({ code }) => ["submodule-empty", "lfs-pointer"].includes(code))
    .map(({ action, file, line, message }) => `${action} ${file}:${line} ${message}`);
};

test.each<[string, string, LeftPart[], string[]]>([
  [
    "in a build context",
    built,
    [design],
    ["note .gitmodules:3 web/design (acme/design) is a submodule, and an empty folder in the preview"],
  ],
  [
    "of somewhere else",
    built,
    [{ ...design, repository: null }],
    ["note .gitmodules:3 web/design is a submodule, and an empty folder in the preview"],
  ],
  [
    "that a service binds a part of",
    "services: { web: { image: node, ports: [80], volumes: ['./docs/x/conf:/conf:ro'] } }",
    [{ kind: "submodule", path: "docs/x", repository: "acme/x" }],
    ["note .gitmodules:5 docs/x (acme/x) is a submodule, and an empty folder in the preview"],
  ],
  ["that nobody meets", built, [{ ...design, path: "docs/x" }, lfs("docs/a.bin"), lfs("website/b.bin")], []],
  [
    "and files of Git LFS, once for all",
    built,
    [lfs("web/a.bin"), lfs("docs/b.bin"), lfs("web/img/c.bin")],
    ["note .gitattributes:2 web/a.bin and 1 more: kept by Git LFS, and small text files (pointers) in the preview"],
  ],
  [
    "and a bound file of Git LFS",
    "services: { web: { image: node, ports: [80], volumes: ['./db/rows.sql:/rows.sql'] } }",
    [lfs("db/rows.sql")],
    ["note .gitattributes:2 db/rows.sql: kept by Git LFS, and small text files (pointers) in the preview"],
  ],
  [
    "beside what is refused",
    "services: { web: { build: web, ports: [3000], privileged: true } }",
    [design],
    ["note .gitmodules:3 web/design (acme/design) is a submodule, and an empty folder in the preview"],
  ],
])("a submodule %s", (_what, compose, left, expected) => {
  expect(told(compose, left)).toEqual(expected);
});

test.each<[string, Partial<typeof preview>, LeftPart, RegExp]>([
  ["of a branch", {}, design, /git: \{ submodules: \[acme\/design\] \}/],
  ["of a branch", {}, lfs("web/a.bin"), /git: \{ lfs: true \}/],
  ["of a branch", {}, { ...design, repository: null }, /git subtree/],
  ["of a fork", { trust: "fork" }, design, /push the branch to the repository itself/],
  ["of `mayfly up`", { key: `${2 ** 52 + 1}-1` }, lfs("web/a.bin"), /mayfly up/],
])("says what to do for a preview %s", (_whose, facts, part, hint) => {
  const { findings } = render({ ...files, "compose.yaml": built }, { left: [part], preview: { ...preview, ...facts } });
  expect(findings.find(({ code }) => /submodule-empty|lfs-pointer/.test(code))?.hint).toMatch(hint);
});

test("more than twenty submodules say nothing new, and strange names are told as they are", () => {
  const many = Array.from({ length: 30 }, (_, index) => ({ ...design, path: `web/${index}\n[x](y)` }));
  const notes = told(built, many);
  expect(notes).toHaveLength(20);
  expect(notes[0]).not.toContain("\n");
});
