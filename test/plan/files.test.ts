import { expect, test } from "vitest";
import { boundPath, sourcePathOf } from "../../src/domain/files.ts";
import type { Mount } from "../../src/domain/service.ts";
import type { FileSpec, StackSpec } from "../../src/domain/stack.ts";
import type { StackState } from "../../src/domain/stack-state.ts";
import { planDeploy } from "../../src/plan/deploy.ts";
import { containerHash } from "../../src/plan/identity.ts";
import { formatPlan } from "../../src/plan/step.ts";
import { images, running, service, shop } from "../support/stack.ts";

const place = { file: "compose.yaml", line: 1, column: 1 };
const files: FileSpec[] = [
  { path: boundPath("conf"), from: { kind: "repository", path: "conf" }, uid: 0, gid: 0, mode: null, place },
];
const mount = (name: string, content: string): Mount => ({
  kind: "files",
  path: boundPath(`conf/${name}`),
  target: `/etc/${name}`,
  readOnly: true,
  content,
});

/** db (kept) and web, each with a file of the repository. */
function bound(generation: number, content: { db: string; web: string }): StackSpec {
  const stack = shop(generation, { files });
  const [db, web] = stack.services;
  return {
    ...stack,
    services: [
      service("db", { ...db, mounts: [...db!.mounts, mount("db", content.db)] }),
      service("web", { ...web, mounts: [mount("web", content.web)] }),
    ],
  };
}

const volume = { name: "shop-pr-42-ab12_pgdata_old", dataKey: "k" };
const filesOf = (generation: number) => `shop-pr-42-ab12.files-g${generation}_old`;

/** As after its deployment. */
function runningWith(stack: StackSpec): StackState {
  const state = running(stack, volume);
  return {
    ...state,
    containers: state.containers.map((each) => {
      const spec = stack.services.find(({ name }) => name === each.service)!;
      const volumes: Record<string, string> = each.service === "db" ? { pgdata: volume.name } : {};
      const specHash = containerHash(spec, images[each.service]!.id, volumes);
      return { ...each, specHash, volumes: [...each.volumes, filesOf(stack.generation)] };
    }),
    volumes: [
      ...state.volumes,
      { name: filesOf(stack.generation), volume: "", dataKey: "", createdAt: 0, files: stack.generation },
    ],
  };
}

function plan(serving: StackSpec, candidate: StackSpec): string {
  const resolved = { images, volumes: { pgdata: volume.name } };
  const whole = new Set([volume.name, filesOf(serving.generation)]);
  const pinned = { ...serving, resolved };
  const input = { state: runningWith(serving), images, whole, nonce: "new", drainMs: 30_000 };
  return formatPlan(planDeploy({ candidate: { ...candidate, resolved }, serving: pinned, ...input }));
}

test("a push fills files of its own, and a database whose file is unchanged keeps the ones it was made with", () => {
  const text = plan(bound(1, { db: "a", web: "a" }), bound(2, { db: "a", web: "b" }));
  expect(text).toMatch(/^fill +files g2 /m);
  expect(text).toMatch(/^create +web /m);
  expect(text).not.toMatch(/^(create|stop|remove) +\S*db/m);
  expect(text).not.toContain(filesOf(1));
});

test("a database whose file changed is replaced on its data, and the files of before go when it has", () => {
  const text = plan(bound(1, { db: "a", web: "a" }), bound(2, { db: "b", web: "a" }));
  expect(text).toMatch(/^create +db +its options changed, on the same data/m);
  expect(text).toMatch(/^stop +\S+-db-\S+ +replaced on the same data/m);
  expect(text).toMatch(new RegExp(`^remove +volume ${filesOf(1)} +replaced`, "m"));
  expect(text).not.toMatch(new RegExp(`^remove +volume ${volume.name}`, "m"));
});

test("without a service that mounts any, none are filled", () => {
  const text = plan(bound(1, { db: "a", web: "a" }), shop(2));
  expect(text).not.toContain("fill");
  expect(text).toMatch(new RegExp(`^remove +volume ${filesOf(1)} +replaced`, "m"));
});

test.each([
  ["repository/conf", "conf"],
  ["repository/conf/a/b", "conf/a/b"],
  ["repository/confidential", null],
  ["given/secret", null],
])("%s is filled from %s", (path, expected) => {
  expect(sourcePathOf(path, files)).toBe(expected);
});
