import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { byItself } from "../../src/domain/audit.ts";
import { openStore } from "../../src/store/store.ts";
import { service } from "../support/stack.ts";

test("what is made anew by itself is as unused as it was: nobody would ever see that nobody wants it", () => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-used-"));
  let now = 1000;
  const { snapshots, editions, ...store } = openStore(join(folder, "mayfly.db"), {
    now: () => now,
    sleep: async () => undefined,
  });
  const told = { ...byItself, action: "source-read", preview: null, outcome: "done", detail: "" } as const;
  const facts = { form: "sql", bytes: 1, coverage: [], searched: 0 } as const;
  const wish = { key: "e", source: "nightly", image: "postgres:17", rules: "1" };
  const edition = (volume: string) =>
    editions.publish({ ...wish, volume, facts: { ...facts, coverage: [] }, cause: "", tookMs: 1 }, told);
  const seed = { service: "db", volume: "pgdata", parts: [], content: "c" };
  const made = { key: "s", service: service("db"), seed, imageId: "i", readyTimeoutMs: 1, programs: {} };
  const owner = { repositoryId: 7, repository: "acme/shop", number: 1, trust: "team", commit: "c", cause: "" } as const;
  const snapshot = (volume: string) =>
    snapshots.publish(
      { key: "s", volume, seed: "c", root: { uid: 0, gid: 0, mode: 0 } },
      { origin: { ...owner, wish: made }, editions: [], tookMs: 1 },
    );
  const used = () => [...editions.all(), ...snapshots.all()].map(({ volume, usedAt }) => `${volume} ${usedAt}`);
  edition("e1");
  snapshot("s1");
  now = 2000;
  edition("e2");
  snapshot("s2");
  expect(used().toSorted()).toEqual(["e1 1000", "e2 1000", "s1 1000", "s2 1000"]);
  editions.use("e2");
  snapshots.use("s");
  now = 3000;
  edition("e3");
  snapshot("s3");
  expect(used()).toEqual(expect.arrayContaining(["e3 2000", "s3 2000"]));
  (store as { [Symbol.dispose](): void })[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});
