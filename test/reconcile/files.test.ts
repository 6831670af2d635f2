import { describe, expect, test } from "vitest";
import { boundPath, givenPath } from "../../src/domain/files.ts";
import type { Mount } from "../../src/domain/service.ts";
import type { FileSpec, StackSpec } from "../../src/domain/stack.ts";
import { keepFirstRunFiles } from "../../src/reconcile/first-run-files.ts";
import { prepareFiles } from "../../src/reconcile/prepare-files.ts";
import type { Checkout } from "../../src/reconcile/ports.ts";
import { service, shop } from "../support/stack.ts";

const place = { file: "compose.yaml", line: 7, column: 9 };
const owner = { uid: 0, gid: 0, mode: null, place };
const bound = (path: string): FileSpec => ({ path: boundPath(path), from: { kind: "repository", path }, ...owner });
const mount = (path: string, target: string, content?: string): Mount => ({
  kind: "files",
  path,
  target,
  readOnly: true,
  ...(content !== undefined && { content }),
});

type Size = { files: number; bytes: number };

function checkout(sizes: Record<string, Size> = {}): Pick<Checkout, "treeId" | "measure"> {
  return {
    treeId: async (path) => `tree of ${path}`,
    measure: async (path) => sizes[path] ?? { files: 1, bytes: 1 },
  };
}

describe("what a service mounts of the repository", () => {
  const files: FileSpec[] = [
    bound("conf"),
    { ...bound("key.pem"), path: givenPath("1-key") },
    { ...bound(""), path: givenPath("2-motd"), from: { kind: "text", text: "hello" } },
    { ...bound(""), path: boundPath("certs"), from: { kind: "folder" } },
  ];
  const prepared = async (path: string) => {
    const stack = shop(1, { files, services: [service("web", { mounts: [mount(path, "/x")] })] });
    const [web] = await prepareFiles(stack, checkout());
    const [found] = web?.mounts ?? [];
    return found?.kind === "files" ? found.content : undefined;
  };

  test("has a hash of its own part's content", async () => {
    expect(await prepared(boundPath("conf"))).toBe("tree of conf");
    expect(await prepared(boundPath("conf/a/b.conf"))).toBe("tree of conf/a/b.conf");
    expect(await prepared(givenPath("1-key"))).toBe("tree of key.pem");
    // Its path says what is in it.
    expect(await prepared(givenPath("2-motd"))).toMatch(/^[0-9a-f]{64}$/);
    expect(await prepared(boundPath("certs"))).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each<[string, Record<string, Size>, string]>([
    ["too many files", { assets: { files: 100_000, bytes: 9 } }, "assets has 100000 files"],
    ["too many bytes", { assets: { files: 9, bytes: 1024 ** 3 } }, "assets has 1024 MiB"],
  ])("is refused for %s, with the path that has most", async (_what, sizes, message) => {
    const preparing = prepareFiles(shop(1, { files: [bound("conf"), bound("assets")] }), checkout(sizes));
    await expect(preparing).rejects.toMatchObject({ code: "file-too-large", place });
    await expect(preparing).rejects.toThrow(message);
  });
});

test("a path that is too much already ends the counting of the others", async () => {
  const asked: string[] = [];
  const counting: Pick<Checkout, "treeId" | "measure"> = {
    ...checkout(),
    measure: async (path) => {
      asked.push(path);
      return { files: 60_000, bytes: 1 };
    },
  };
  const given = Array.from({ length: 9 }, (_, index) => ({ ...bound("big"), path: givenPath(`${index}-big`) }));
  const files = [...given, bound("a"), bound("b"), bound("c")];
  await expect(prepareFiles(shop(1, { files }), counting)).rejects.toMatchObject({ code: "file-too-large" });
  // What is mounted twice is copied twice, and counted once.
  expect(asked).toEqual(["big"]);
});

describe("scripts that a database ran when its data was made", () => {
  const stack = (content: string, more: Partial<StackSpec> = {}, target = "/docker-entrypoint-initdb.d/a.sql") =>
    shop(2, {
      files: [bound("db")],
      services: [service("db", { kept: true, mounts: [mount(boundPath("db/a.sql"), target, content)] })],
      ...more,
    });
  const contentOf = ({ services }: StackSpec) => services[0]?.mounts[0];

  test("count as they were when they changed since, and that is told at the script", () => {
    const { stack: kept, findings } = keepFirstRunFiles(stack("new"), stack("old"));
    expect(contentOf(kept)).toMatchObject({ content: "old" });
    expect(findings).toMatchObject([{ file: "db/a.sql", action: "note", code: "first-run-file" }]);
  });

  test.each([
    ["they are as they were", stack("old"), stack("old")],
    ["the data is made anew", stack("new", { dataEpoch: 1 }), stack("old")],
    ["nothing serves", stack("new"), null],
    ["they are no scripts of a first run", stack("new", {}, "/etc/a.sql"), stack("old", {}, "/etc/a.sql")],
    ["they were not there before", stack("new"), stack("old", {}, "/docker-entrypoint-initdb.d/b.sql")],
  ])("count as they are where %s", (_what, candidate, serving) => {
    expect(keepFirstRunFiles(candidate, serving)).toEqual({ stack: candidate, findings: [] });
  });
});
