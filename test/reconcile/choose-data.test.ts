import { expect, test } from "vitest";
import type { RetiredVolume } from "../../src/domain/data.ts";
import type { Deployment } from "../../src/domain/preview.ts";
import { unread } from "../../src/domain/preview.ts";
import { chooseVolumes } from "../../src/reconcile/choose-data.ts";
import { attempt } from "../feedback/facts.ts";
import { images, shop } from "../support/stack.ts";

const name = "shop-pr-42-ab12_pgdata_0001";
const data = { volumes: [{ name: "pgdata" }] };
const serving = { ...shop(1, data), resolved: { images, volumes: { pgdata: "shop-pr-42-ab12_pgdata_0002" } } };
const retired: RetiredVolume = {
  name,
  volume: "pgdata",
  service: "db",
  image: "postgres:17",
  edition: "old",
  cause: "`/reset`",
  replacedBy: 1,
  until: 9,
};

/** What a push asks for (generation 4) after `/restore` (2), where these attempts were before. */
async function choice(before: Deployment[], image: string) {
  const spec = { ...unread, generation: 4, restore: { generation: 2, id: null } };
  const preview = { ...previewOf(), spec };
  const world = {
    volumes: { factsOf: () => ({}), retiredOf: () => [{ ...retired, image }] },
    attempts: { of: () => before },
  };
  const input = { preview, stack: shop(4, data), serving, checkout: null };
  const [volume] = await chooseVolumes(input, world as unknown as Parameters<typeof chooseVolumes>[1]);
  return volume?.choice?.kind;
}

function previewOf() {
  const times = { createdAt: 0, goneAt: null, visitedAt: null, admittedAt: null };
  return {
    key: "7-42",
    slug: "shop-pr-42",
    repositoryId: 7,
    repository: "acme/shop",
    number: 42,
    revision: 1,
    ...times,
    allowed: [],
  };
}

const first = attempt(1);
const overtaken = attempt(2, { phase: "superseded", readyAt: null });
const failed = attempt(3, { phase: "failed", readyAt: null });

test("data that somebody wants back comes with the push that overtook it", async () => {
  expect(await choice([first, overtaken], "postgres:17")).toBe("restore");
});

test("a push after one that could not bring it back goes on with the data there is", async () => {
  await expect(choice([first, overtaken], "postgres:15")).rejects.toThrow("the data of before cannot come back");
  expect(await choice([first, overtaken, failed], "postgres:15")).toBe("keep");
});

test("patterns that mean more files than anybody's migrations are refused at their place", async () => {
  const place = { file: ".mayfly.yaml", line: 7, column: 5 };
  const rules = { service: "db", migrations: ["**"], place, changed: "wait" as const };
  const blobs = async () => Object.fromEntries(Array.from({ length: 5001 }, (_, index) => [`src/${index}.ts`, "blob"]));
  const world = { volumes: { factsOf: () => ({}), retiredOf: () => [] }, attempts: { of: () => [] } };
  const stack = shop(4, { volumes: [{ name: "pgdata", rules }] });
  const input = { preview: { ...previewOf(), spec: unread }, stack, serving, checkout: { blobs } };
  await expect(chooseVolumes(input, world as never)).rejects.toMatchObject({ code: "invalid-value", place });
});
