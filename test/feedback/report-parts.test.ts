import { expect, test } from "vitest";
import type { Deployment } from "../../src/domain/preview.ts";
import { report } from "../../src/feedback/report.ts";
import { attempt, commits, failure, now, type Story, tell } from "./facts.ts";

const building = attempt(2, { phase: "building", stack: null });
const failed = attempt(2, { phase: "failed", failure: failure() });
const first = `[\`abc1234\`](https://github.test/acme/shop/commit/${commits.first})`;

/** A stack whose database is on that volume of the engine. */
function onVolume(generation: number, pgdata: string): Partial<Deployment> {
  const { stack } = attempt(generation);
  return { stack: { ...stack!, resolved: { images: {}, volumes: { pgdata }, secrets: {} } } };
}

test.each<[string, Story["deployments"], string[]]>([
  ["first", [attempt(1)], ["new, keeps its data", "built"]],
  ["pushed", [attempt(1), attempt(2)], ["kept, with its data", "rebuilt"]],
  [
    "redeployed",
    [attempt(1), attempt(2, { stack: attempt(1).stack })],
    ["kept, with its data", `unchanged since ${first}`],
  ],
  [
    "reset",
    [attempt(1), attempt(2, { stack: { ...attempt(2).stack!, dataEpoch: 1 } })],
    ["started over with fresh data", "rebuilt"],
  ],
  [
    "re-branched",
    [attempt(1, onVolume(1, "pgdata_1")), attempt(2, onVolume(2, "pgdata_2"))],
    ["started on other data", "rebuilt"],
  ],
  [
    "on the same volume",
    [attempt(1, onVolume(1, "pgdata_1")), attempt(2, onVolume(2, "pgdata_1"))],
    ["kept, with its data", "rebuilt"],
  ],
  [
    "after a failure",
    [attempt(1, { phase: "failed", failure: failure() }), attempt(2)],
    ["new, keeps its data", "built"],
  ],
])("%s: each service tells what was done to it", (_case, deployments, changes) => {
  const { comment } = report(...tell({ deployments: deployments ?? [] }));
  expect([...comment.matchAll(/^\| `.+` \| (.+) \|$/gm)].map((match) => match[1])).toEqual(changes);
});

test.each<[string, Story, [number, string][]]>([
  ["ready", { deployments: [attempt(1)] }, [[1, "success"]]],
  [
    "building beside",
    { deployments: [attempt(1), building] },
    [
      [1, "success"],
      [2, "in_progress"],
    ],
  ],
  [
    "failed beside",
    { deployments: [attempt(1), failed] },
    [
      [1, "success"],
      [2, "failure"],
    ],
  ],
  ["overtaken", { deployments: [attempt(1), attempt(2, { phase: "superseded" })] }, [[1, "success"]]],
  ["gone", { spec: { wanted: "absent", reason: "merged" }, deployments: [attempt(1)], goneAt: now }, []],
  ["blocked", { spec: { wanted: "blocked", reason: "fork" } }, []],
])("%s: GitHub's deployments follow", (_case, story, states) => {
  const { deployments } = report(...tell(story));
  expect(deployments.map(({ generation, state }) => [generation, state])).toEqual(states);
});

test("the comment is not edited each second of a build", () => {
  const at = (ms: number) =>
    report(...tell({ deployments: [building], timeline: [{ name: "build web", startedAt: now - ms }] })).comment;
  expect(at(41_000)).toBe(at(49_000));
  expect(at(49_000)).not.toBe(at(50_000));
});

test("where the first line says what to change, it is not said again below; one last line is not called lines", () => {
  const suspect = {
    id: "loopback",
    what: "`api` listens on 127.0.0.1:4000",
    now: "Let it listen on 0.0.0.0.",
    where: null,
  } as const;
  const broken = attempt(1, {
    phase: "failed",
    failure: failure({ where: "compose.yaml:31:7", suspects: [suspect], logTail: ["listening"] }),
  });
  const { comment } = report(...tell({ deployments: [broken] }));
  expect(comment.split("Let it listen on 0.0.0.0")).toHaveLength(2);
  expect(comment).toContain("- **Where:** `compose.yaml:31:7`, service `api`\n\n");
  expect(comment).toContain("<summary>The last line of <code>api</code></summary>");
});
