import { describe, expect, test } from "vitest";
import { offerSources, type Source, sourceKey, wishEdition } from "../../src/domain/source.ts";
import { service } from "../support/stack.ts";

const source = (changes: Partial<Source> = {}): Source => ({
  name: "nightly",
  from: { kind: "command", command: "cat dump" },
  image: null,
  sensitive: true,
  mask: { rules: [], hash: "1234" },
  refresh: null,
  repositories: null,
  forks: false,
  timeoutMs: 1000,
  mostBytes: 1000,
  ...changes,
});
const runs = (reference: string) => service("db", { image: { kind: "pull", reference } });

describe("who may name a source", () => {
  test.each([
    [{}, "acme/shop", "team", true],
    [{}, "acme/shop", "fork", false],
    [{ forks: true }, "acme/shop", "fork", true],
    [{ repositories: ["acme/shop"] }, "Acme/Shop", "team", true],
    [{ repositories: ["acme/*"] }, "acme/other", "team", true],
    [{ repositories: ["acme/shop"] }, "acme/other", "team", false],
    [{ repositories: ["acme/shop"], forks: true }, "acme/other", "fork", false],
  ] as const)("%j: %s, %s", (changes, repository, trust, may) => {
    const offer = offerSources([source(changes)], { repository, trust });
    expect(offer.names).toEqual(may ? ["nightly"] : []);
  });

  test("what another repository has is not told, not even as closed to forks", () => {
    const theirs = source({ repositories: ["acme/shop"] });
    expect(offerSources([theirs], { repository: "evil/shop", trust: "fork" })).toEqual({ names: [], closed: [] });
  });
});

describe("which edition a service gets", () => {
  test.each([
    ["postgres:17", "postgres:17"],
    ["docker.io/library/postgres:17", "postgres:17"],
    ["postgres:17.2-alpine3.20", "postgres:17"],
    [`postgres:17@sha256:${"0".repeat(64)}`, "postgres:17"],
    ["postgres:9.6-alpine", "postgres:9.6"],
    ["postgres:18beta1", "postgres:18"],
    ["postgres", "postgres:latest"],
    ["postgres:bookworm", "postgres:latest"],
    ["mariadb:11", "mariadb:11"],
    ["mariadb:10.11.6-jammy", "mariadb:10.11"],
    ["mariadb:lts-ubi9", "mariadb:lts"],
    ["mysql:8.4.3-oraclelinux9", "mysql:8.4"],
    ["mysql:innovation", "mysql:innovation"],
  ])("in the database's own image of its version, where its image is official: %s", (reference, image) => {
    expect(wishEdition(source(), runs(reference))?.image).toBe(image);
  });
  test("in none where nobody tells a version", () => {
    expect(wishEdition(source(), runs(`postgres@sha256:${"0".repeat(64)}`))).toBeNull();
  });
  test.each(["evil/postgres:17", "ghcr.io/library/postgres:17", "localhost:5000/library/postgres:17"])(
    "in no other: %s",
    (reference) => {
      expect(wishEdition(source(), runs(reference))).toBeNull();
      expect(wishEdition(source({ image: "postgres:17" }), runs(reference))?.image).toBe("postgres:17");
    },
  );
  test("in none that the branch builds", () => {
    expect(wishEdition(source(), service("db", { image: { kind: "build", build: "db" } }))).toBeNull();
  });

  test("is another for other rules, another command or another image, and the same for the next night", () => {
    const key = (changes: Partial<Source>, reference = "postgres:17") =>
      sourceKey([source(changes)], "nightly", runs(reference));
    const same = key({});
    expect(key({ refresh: { text: "@daily", next: () => null }, repositories: ["a/b"], timeoutMs: 5 })).toBe(same);
    const others = [
      key({ mask: { rules: [], hash: "5678" } }),
      key({ from: { kind: "file", path: "/dump" } }),
      key({}, "postgres:16"),
      key({ mask: null }),
    ];
    expect(new Set([same, ...others]).size).toBe(5);
  });

  test("is another once the source is sensitive: what was published unchecked is loaded no more", () => {
    const key = (sensitive: boolean) => sourceKey([source({ sensitive })], "nightly", runs("postgres:17"));
    expect(key(true)).not.toBe(key(false));
  });
});
