import { describe, expect, test } from "vitest";
import {
  containerName,
  dataKey,
  imageTag,
  networkName,
  previewHost,
  previewSlug,
  projectName,
  repositorySlug,
} from "../../src/domain/naming.ts";
import { canonicalJson, specHash } from "../../src/domain/spec-hash.ts";
import { formatSpan, parseDuration } from "../../src/domain/time.ts";
import { nearestVerb } from "../../src/domain/verbs.ts";

test.each([
  ["shop", "shop"],
  ["Shop.js", "shop-js"],
  ["--weird__name--", "weird-name"],
  ["a--b", "a-b"],
  ["日本", "repository"],
])("the repository %s is called %s in hosts", (name, slug) => {
  expect(repositorySlug(name)).toBe(slug);
});

describe("a preview's host", () => {
  const long = "a".repeat(80);
  test("is one label deep", () => {
    expect(previewHost("shop-pr-42", "preview.example.com")).toBe("shop-pr-42.preview.example.com");
    expect(previewHost("shop-pr-42", "preview.example.com", "api")).toBe("shop-pr-42--api.preview.example.com");
    expect(previewHost("shop-pr-42", "preview.example.com", "My_API.v2")).toBe(
      "shop-pr-42--my-api-v2.preview.example.com",
    );
  });

  test("never has a label over 63 octets, and different names stay different when cut", () => {
    const labels = [
      previewHost("shop-pr-42", "d", long),
      previewHost("shop-pr-42", "d", `${long}b`),
      previewSlug(repositorySlug(long), 42),
    ].map((host) => host.split(".")[0]!);
    for (const label of labels) expect(label.length).toBeLessThanOrEqual(63);
    expect(new Set(labels).size).toBe(3);
    for (const label of labels) expect(label).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
  });
});

test("names on the engine tell what they are, and two servers' differ", () => {
  const project = projectName("shop-pr-42", "ab12cd34");
  expect(project).toBe("shop-pr-42-ab12");
  expect(networkName(project, 7, "default")).toBe("shop-pr-42-ab12_g7_default");
  expect(containerName(project, { name: "web", kept: false }, { generation: 7, hash: "0123456789" })).toBe(
    "shop-pr-42-ab12-web-g7",
  );
  expect(containerName(project, { name: "db", kept: true }, { generation: 7, hash: "0123456789" })).toBe(
    "shop-pr-42-ab12-db-01234567",
  );
});

describe("the tag of an image we build", () => {
  const owner = { repositoryId: 7, trust: "team" as const, salt: "s" };
  const build = { context: ".", dockerfile: "Dockerfile", inline: null, target: null, args: {}, secrets: [] };
  const content = { tree: "t1", dockerfile: "FROM x" };
  const tag = imageTag(owner, build, content);
  test.each([
    ["another context", imageTag(owner, build, { ...content, tree: "t2" })],
    ["another Dockerfile", imageTag(owner, build, { ...content, dockerfile: "FROM y" })],
    ["another argument", imageTag(owner, { ...build, args: { A: "1" } }, content)],
    ["another target", imageTag(owner, { ...build, target: "dev" }, content)],
    ["another repository", imageTag({ ...owner, repositoryId: 8 }, build, content)],
    ["a fork", imageTag({ ...owner, trust: "fork" }, build, content)],
    ["another server, which a branch cannot guess", imageTag({ ...owner, salt: "z" }, build, content)],
  ])("differs for %s", (_name, other) => {
    expect(other).not.toBe(tag);
  });
  test("is the same for the same, and a valid reference", () => {
    expect(imageTag(owner, { ...build }, { ...content })).toBe(tag);
    expect(tag).toMatch(/^mayfly\.local\/7\/team:[0-9a-f]{32}$/);
  });
});

test("data is another after a reset or with another image", () => {
  const keys = [
    dataKey("db", "i", "0"),
    dataKey("db", "i", "1"),
    dataKey("db", "j", "0"),
    dataKey("uploads", "i", "0"),
  ];
  expect(new Set(keys).size).toBe(4);
});

test("the order in which something was written does not count in its hash", () => {
  expect(specHash({ a: 1, b: { c: [1, 2], d: undefined } })).toBe(specHash({ b: { c: [1, 2] }, a: 1 }));
  expect(specHash({ a: [1, 2] })).not.toBe(specHash({ a: [2, 1] }));
  expect(canonicalJson({ b: 1, a: 2 })).toBe('{"a":2,"b":1}');
});

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  ["7d", 604_800_000],
  ["250us", 0.25],
  ["", undefined],
  ["5", undefined],
  ["5 s", undefined],
  ["-5s", undefined],
  ["5x", undefined],
])("the duration %j is %j ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  [400, "0.4 s"],
  [11_200, "11 s"],
  [119_000, "119 s"],
  [180_000, "3 min"],
  [5 * 3_600_000, "5 h"],
  [3 * 86_400_000, "3 days"],
  [-5, "0.0 s"],
])("%d ms are told as %s", (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});

test.each([
  ["redploy", "redeploy"],
  ["destory", "destroy"],
  ["rest", "reset"],
  ["lgtm", undefined],
  ["deployment", undefined],
])("/%s was probably %s", (said, meant) => {
  expect(nearestVerb(said)).toBe(meant);
});
