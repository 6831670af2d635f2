import { expect } from "vitest";
import type { SnapshotView } from "../../src/domain/snapshot.ts";
import type { SourceView } from "../../src/domain/source.ts";
import { sharedOf, shopOfData } from "./data-life.ts";
import type { EngineCall, Fate } from "./engine-proxy.ts";
import { eventually } from "./eventually.ts";
import { type Acted, type KillStage, patience } from "./kill-stage.ts";
import { repository } from "./scenario.ts";

/** A source of the operator's, which prints what is in `people.sql` beside the server file. */
export const nightly = {
  command: "cat people.sql",
  sensitive: true,
  mask: { users: { id: "keep", name: "name" } },
  repositories: [repository],
};

/** So many of them, as a dump tells it. */
export function people(count: number): string {
  const rows = Array.from({ length: count }, (_, n) => `${n}\tAda ${n} Rawsworth`);
  const table = "CREATE TABLE users (id int PRIMARY KEY, name text);\nCOPY users (id, name) FROM stdin;";
  return [table, ...rows, "\\.", ""].join("\n");
}

/** A page and its database, with data of that source. */
export function shopOfSource(): Record<string, string> {
  const manifest = "routes: { web: 3000 }\ndata:\n  db: { volume: pgdata, source: nightly }\n";
  return { ...shopOfData(""), ".mayfly.yaml": manifest };
}

/**
 * Has `nightly` read anew, again whenever a kill has ended that, until its new edition is there and the snapshot of it
 * was loaded, which nobody asks for; answers what previews share then, beside what was `known`.
 */
export async function refreshNightly(
  stage: KillStage,
  fate: (call: EngineCall) => Fate,
  known: ReadonlySet<string> = new Set(),
): Promise<Acted<string[]>> {
  const { mayfly } = stage;
  const look = () => mayfly.api<SourceView>("/api/snapshots/nightly");
  const editionOf = ({ editions }: SourceView) => editions.find(({ replacedAt }) => replacedAt === null)?.volume;
  const first = editionOf(await look());
  const isRead = async (): Promise<boolean> => {
    const source = await look();
    if (editionOf(source) !== first) return true;
    if (!source.isUnderWay) await mayfly.api("/api/snapshots/nightly/refresh", { method: "POST" });
    return false;
  };
  return await stage.act(fate, {
    begin: async () => undefined,
    end: () =>
      eventually(async () => {
        expect(await isRead()).toBe(true);
        const { snapshots } = await mayfly.api<{ snapshots: SnapshotView[] }>("/api/snapshots");
        const newest = snapshots.filter((each) => each.kind === "snapshot" && each.newest && each.sources.length > 0);
        expect(newest.map(({ cause }) => cause)).toEqual(["nightly was read anew"]);
        const shared = await sharedOf(stage, known);
        expect(shared.map((line) => line.replace(/-[0-9a-f]{4}(?=$|-nightly)/, ""))).toEqual([
          "volume mayfly-snapshot",
          "volume mayfly-snapshot",
          "volume mayfly-source-nightly",
        ]);
        return shared;
      }, patience),
  });
}
