import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createKillWorld, type Call, type Kill, type Wish } from "./kill-world.ts";

const frozen: Wish = { rest: "frozen" };
const stopped: Wish = { rest: "stopped" };

/** What is brought to its end in peace, and then what is killed at each of its calls. */
const stories: [string, { before: Wish[]; wish: Wish; visited?: true }][] = [
  ["a first deployment", { before: [], wish: { push: "first" } }],
  ["a first deployment of services in no order", { before: [], wish: { push: "unordered" } }],
  ["a push", { before: [{ push: "first" }], wish: { push: "second" } }],
  ["a push that replaces the database on its data", { before: [{ push: "first" }], wish: { push: "tuned" } }],
  ["a first deployment that is checked", { before: [], wish: { push: "checked" } }],
  ["a push that is checked", { before: [{ push: "first" }], wish: { push: "checked" } }],
  ["a push that does not pass its check", { before: [{ push: "checked" }], wish: { push: "unchecked" } }],
  ["a rollback", { before: [{ push: "first" }, { push: "second" }], wish: { rollback: "first" } }],
  [
    "a rollback whose images are gone",
    { before: [{ push: "first" }, { push: "second" }], wish: { rollback: "first", gone: true } },
  ],
  [
    "a rollback that replaces the database on its data",
    { before: [{ push: "first" }, { push: "tuned" }], wish: { rollback: "first" } },
  ],
  [
    "a push that replaces the database on its data while somebody visits",
    { before: [{ push: "first" }], wish: { push: "tuned" }, visited: true },
  ],
  [
    "a push whose database was replaced and whose page fails while somebody visits",
    { before: [{ push: "first" }], wish: { push: "silent" }, visited: true },
  ],
  ["a reset", { before: [{ push: "first" }], wish: { say: "reset" } }],
  ["a first deployment that fails", { before: [], wish: { push: "broken" } }],
  ["a push whose service ends", { before: [{ push: "first" }], wish: { push: "broken" } }],
  [
    "a push whose database was replaced and whose page fails",
    { before: [{ push: "first" }], wish: { push: "silent" } },
  ],
  ["a first deployment from a snapshot", { before: [], wish: { push: "branched" } }],
  ["a push that keeps its data branch", { before: [{ push: "branched" }], wish: { push: "rebranched" } }],
  ["a reset to the snapshot", { before: [{ push: "branched" }], wish: { say: "reset" } }],
  [
    "a push after a reset that failed",
    { before: [{ push: "branched" }, { push: "broken" }, { say: "reset" }], wish: { push: "rebranched" } },
  ],
  [
    "a restore of what a reset replaced",
    { before: [{ push: "branched" }, { say: "reset" }], wish: { say: "restore" } },
  ],
  [
    "a restore of what was seeded where it is used",
    { before: [{ push: "first" }, { say: "reset" }], wish: { say: "restore" } },
  ],
  [
    "anchors that somebody pruned, of replaced data too",
    { before: [{ push: "branched" }, { say: "reset" }], wish: "prune" },
  ],
  ["a removal with replaced data", { before: [{ push: "branched" }, { say: "reset" }], wish: "close" }],
  ["a data branch whose anchor somebody pruned", { before: [{ push: "branched" }], wish: "prune" }],
  ["a removal of a data branch", { before: [{ push: "branched" }], wish: "close" }],
  ["a first deployment with files of the repository", { before: [], wish: { push: "bound" } }],
  ["a push that changes the files of one service", { before: [{ push: "bound" }], wish: { push: "rebound" } }],
  ["a push after which no files are mounted", { before: [{ push: "bound" }], wish: { push: "unbound" } }],
  ["a removal of what mounts files", { before: [{ push: "bound" }, { push: "rebound" }], wish: "close" }],
  ["a first deployment of two that keep data", { before: [], wish: { push: "peered" } }],
  ["a push to two that keep data", { before: [{ push: "peered" }], wish: { push: "repeered" } }],
  ["a push that replaces one of two on its data", { before: [{ push: "peered" }], wish: { push: "retuned" } }],
  ["a push by which one uses another's data", { before: [{ push: "first" }], wish: { push: "peered" } }],
  ["a push that takes the way out from two that keep data", { before: [{ push: "peered" }], wish: { push: "sealed" } }],
  ["a push after which none does", { before: [{ push: "peered" }], wish: { push: "first" } }],
  ["a reset of two that keep data", { before: [{ push: "peered" }], wish: { say: "reset" } }],
  ["a removal", { before: [{ push: "first" }, { push: "second" }], wish: "close" }],
  ["falling asleep", { before: [{ push: "first" }], wish: { rest: "frozen" } }],
  ["being stopped", { before: [{ push: "first" }], wish: { rest: "stopped" } }],
  ["being stopped after it was frozen", { before: [{ push: "first" }, frozen], wish: { rest: "stopped" } }],
  ["waking from frozen", { before: [{ push: "first" }, frozen], wish: { rest: "awake" } }],
  ["waking from stopped", { before: [{ push: "first" }, stopped], wish: { rest: "awake" } }],
  [
    "waking after somebody pruned what was stopped, the anchor too",
    { before: [{ push: "branched" }, stopped, "prune"], wish: { rest: "awake" } },
  ],
  ["a push to what is frozen", { before: [{ push: "first" }, frozen], wish: { push: "second" } }],
  ["a push to what is stopped", { before: [{ push: "first" }, stopped], wish: { push: "second" } }],
  ["a push that replaces a stopped database", { before: [{ push: "first" }, stopped], wish: { push: "tuned" } }],
  ["a failing push to what is stopped", { before: [{ push: "first" }, stopped], wish: { push: "broken" } }],
  ["a reset of what is frozen", { before: [{ push: "first" }, frozen], wish: { say: "reset" } }],
  ["a removal of what is frozen", { before: [{ push: "first" }, frozen], wish: "close" }],
  ["a removal of what failed halfway", { before: [{ push: "first" }, { push: "broken" }], wish: "close" }],
];

const killedAt: Call[] = [];

async function play({ before, wish, visited }: (typeof stories)[number][1], ...kills: Kill[]) {
  using world = createKillWorld(visited && { visited });
  for (const each of before) {
    world.put(each);
    await world.live();
  }
  world.put(wish);
  const lives = [];
  for (const kill of kills) lives.push(await world.live(kill));
  lives.push(await world.live());
  expect(world.broken, "what must never happen").toEqual([]);
  return { end: world.summary(), lives };
}

describe.each(stories)("%s, killed", (_name, story) => {
  test.each(["before", "halfway", "after"] as const)(
    "%s each of its calls ends as one that nobody disturbed",
    async (moment) => {
      const undisturbed = await play(story);
      const { calls } = undisturbed.lives[0]!;
      expect(calls.length).toBeGreaterThan(0);
      for (const [index, call] of calls.entries()) {
        const { end, lives } = await play(story, (_, at) => (at === index ? moment : null));
        expect(lives[0]!.killed, `${moment} call ${index}`).toBe(true);
        expect(end, `killed ${moment} call ${index}, ${call.kind} ${call.id}`).toEqual(undisturbed.end);
        killedAt.push(call);
      }
    },
  );

  test("again and again, once after each call it has not been killed at yet, ends so too", async () => {
    const undisturbed = await play(story);
    const seen = new Set<string>();
    const once: Kill = ({ kind, id }) => {
      if (seen.has(`${kind} ${id}`)) return null;
      seen.add(`${kind} ${id}`);
      return "after";
    };
    const { end, lives } = await play(story, ...Array.from({ length: 60 }, () => once));
    expect(lives.filter((life) => life.killed).length).toBeGreaterThan(0);
    expect(end).toEqual(undisturbed.end);
  });
});

test("no kind of step is left out", () => {
  const text = readFileSync(new URL("../../src/plan/step.ts", import.meta.url), "utf8");
  const kinds = [...text.matchAll(/\bkind: "([\w-]+)"/g)].map(([, kind]) => kind ?? "");
  expect(kinds.length).toBeGreaterThan(10);
  const swept = new Set(killedAt.map((call) => call.kind));
  expect(
    kinds.filter((kind) => !swept.has(kind)),
    "give the new kind a row in `stories`",
  ).toEqual([]);
});
