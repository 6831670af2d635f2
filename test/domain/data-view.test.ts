import { expect, test } from "vitest";
import type { VolumeFacts } from "../../src/domain/data.ts";
import { describeData, noteData } from "../../src/domain/data-view.ts";
import type { ServiceSpec } from "../../src/domain/service.ts";
import { attempt } from "../feedback/facts.ts";
import { shop, sqlFiles } from "../support/stack.ts";

const seeds = [{ service: "db", volume: "pgdata", content: "c".repeat(64), parts: sqlFiles("db/seed.sql") }];
const resolved = { images: {}, volumes: { pgdata: "shop-pr-42_pgdata_1" }, secrets: {} };
const fresh: VolumeFacts = { seed: null, branch: null, seen: {}, mark: null, written: false };
const describeOf = (change: Partial<ServiceSpec>, facts: VolumeFacts) => {
  const stack = shop(1, { seeds, resolved });
  const services = stack.services.map((each) => (each.name === "db" ? { ...each, ...change } : each));
  return describeData({ ...stack, services }, { "shop-pr-42_pgdata_1": facts });
};

test("a branch tells its seed, how long it took, and whether the seed is another by now", () => {
  const branch = { strategy: "overlay", tookMs: 23 } as const;
  const told = `db has the data of seed ${"c".repeat(8)}, branched in 23 ms by overlay`;
  expect(describeOf({}, { ...fresh, branch, seed: "c".repeat(64) })).toBe(told);
  expect(describeOf({}, { ...fresh, branch, seed: "d".repeat(64) })).toBe(
    `${told.replace("cccccccc", "dddddddd")}; the seed is cccccccc by now, \`/reset\` takes it`,
  );
});

test.each<[string, Partial<ServiceSpec>]>([
  ["the service mounts files of the repository", { mounts: [{ kind: "files", target: "/checks" } as never] }],
  ["the service is given a secret", { secrets: ["LICENSE"] }],
  ["the service waits for another", { dependsOn: [{ service: "web", condition: "started", required: true }] }],
])("what has no branch says why: %s", (why, change) => {
  expect(describeOf(change, fresh)).toBe(`db seeded from db/seed.sql, for this preview alone: ${why}`);
});

const choice = { kind: "re-branch" as const, cause: "`/reset`" };
const stack = shop(2, {
  volumes: [{ name: "pgdata", rules: { service: "db", migrations: [], changed: "wait" }, choice }],
});
const nothing = { facts: {}, retired: [] };

test("a reset that failed is told until it is said again, a push that is ready in between or not", () => {
  const failed = attempt(2, { phase: "failed", readyAt: null, stack });
  const told = ["`/reset` failed, and the data of before stays: say it again once what failed is mended"];
  expect(noteData({ serving: attempt(1), newest: failed, isResetOver: true }, nothing)).toEqual(told);
  expect(noteData({ serving: attempt(3), newest: attempt(3), isResetOver: true }, nothing)).toEqual(told);
});

test("a reset that is done is told as why there is new data", () => {
  const done = attempt(2, { stack });
  expect(noteData({ serving: done, newest: done, isResetOver: false }, nothing)).toEqual(["db re-branched: `/reset`"]);
});
