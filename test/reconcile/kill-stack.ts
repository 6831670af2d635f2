import type { Deployment, Preview } from "../../src/domain/preview.ts";
import { dataEpochOf } from "../../src/domain/reset.ts";
import type { CheckSpec } from "../../src/domain/check.ts";
import { boundPath } from "../../src/domain/files.ts";
import type { Mount } from "../../src/domain/service.ts";
import type { FileSpec, StackSpec } from "../../src/domain/stack.ts";
import { service, shop, sqlFiles } from "../support/stack.ts";

export const commits = {
  first: "1",
  second: "2",
  broken: "b",
  silent: "e",
  tuned: "c",
  branched: "d",
  rebranched: "f",
  bound: "a",
  rebound: "9",
  unbound: "8",
  unordered: "7",
  checked: "6",
  unchecked: "5",
  peered: "4",
  repeered: "3",
  retuned: "0",
  sealed: "g",
} as const;
export type Commit = keyof typeof commits;

/**
 * web (built from the commit) after db (kept). Where they are `bound`, both mount files of the repository; `rebound`
 * changes the web's, so that the database lives on with the files of before. Its data is seeded where it is used, because a second volume is part of
 * it, or branches from a snapshot; `tuned`, `retuned` and `silent` change the database's options on the same data. In `unordered` web
 * names nobody. In `peered`, `repeered` and `retuned` a clerk with data of its own uses the database; in `sealed` too, and its networks
 * lead nowhere.
 */
export function stackOf(preview: Preview, head: Commit, deployments: readonly Deployment[]): StackSpec {
  const base = shop(preview.spec.generation);
  const [db, web] = base.services;
  const commit = commits[head].repeat(40);
  const isBranched = head === "branched" || head === "rebranched";
  const isPeered = head === "peered" || head === "repeered" || head === "retuned" || head === "sealed";
  const isTuned = head === "tuned" || head === "retuned" || head === "silent";
  const isBound = head === "bound" || head === "rebound";
  const bound = (name: string): Mount => ({
    kind: "files",
    path: boundPath(name),
    target: `/etc/${name}`,
    readOnly: true,
    content: name === "web.conf" ? head : "same",
  });
  return {
    ...base,
    commit,
    // A page that stays bad is asked again and again until then.
    readyTimeoutMs: 10_000,
    dataEpoch: dataEpochOf(preview.spec, deployments),
    seeds: [{ service: "db", volume: "pgdata", parts: sqlFiles("seed.sql") }],
    services: [
      {
        ...db!,
        image: { kind: "pull", reference: "postgres:17", place: { file: "compose.yaml", line: 7, column: 12 } },
        ...(isTuned && { command: ["postgres", "-c", "work_mem=8MB"] }),
        ...(!isBranched && { mounts: [...db!.mounts, { kind: "anonymous", target: "/archive" }] }),
        ...(isBound && { mounts: [...db!.mounts, bound("db.conf")] }),
      },
      service("web", {
        ...web,
        environment: { COMMIT: commit },
        ...(isBound && { mounts: [bound("web.conf")] }),
        ...(head === "unordered" && { dependsOn: [] }),
      }),
      ...(isPeered ? [clerk] : []),
    ],
    ...(head === "sealed" && { networks: [{ name: "default", internal: true }] }),
    ...(isPeered && { volumes: [{ name: "pgdata" }, { name: "desk" }] }),
    ...(isBranched && {
      volumes: [{ name: "pgdata", rules: { service: "db", migrations: ["db/*.sql"], changed: "wait" } }],
    }),
    ...((head === "checked" || head === "unchecked") && { checks: [checkOf("smoke", true), checkOf("e2e", false)] }),
    files: isBound ? [boundFile("db.conf"), boundFile("web.conf")] : [],
    builds: [
      {
        name: "web",
        context: ".",
        dockerfile: "Dockerfile",
        inline: null,
        target: null,
        args: {},
        secrets: [],
        tag: "",
      },
    ],
  };
}

const clerk = service("clerk", {
  image: { kind: "pull", reference: "postgres:17" },
  kept: true,
  dependsOn: [{ service: "db", condition: "healthy", required: true }],
  mounts: [{ kind: "volume", volume: "desk", target: "/desk", readOnly: false }],
});

function checkOf(name: string, required: boolean): CheckSpec {
  const runner = service(`check.${name}`, { image: { kind: "build", build: "web" }, job: true, restart: "no" });
  return { name, required, timeoutMs: 60_000, runner };
}

function boundFile(name: string): FileSpec {
  const place = { file: "compose.yaml", line: 1, column: 1 };
  return { path: boundPath(name), from: { kind: "repository", path: name }, uid: 0, gid: 0, mode: null, place };
}
