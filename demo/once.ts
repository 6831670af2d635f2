import { type Demo, DemoFailure } from "./demo.ts";

type Row = { deed: string; seconds: number };

/** The whole story once, each station checked from outside as its people would see it. Throws when something is not so. */
export async function playOnce(demo: Demo): Promise<void> {
  const rows: Row[] = [];
  const timed = async <T>(deed: string, act: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const result = await act();
    rows.push({ deed, seconds: (performance.now() - startedAt) / 1000 });
    return result;
  };
  const opened = await timed("open → ready", () => demo.opened());
  await expectPage(demo, opened.newest?.commit ?? "");
  const pushed = await timed("push → ready", () => demo.push());
  await expectPage(demo, pushed.newest?.commit ?? "");
  await timed("/redeploy → ready", () => demo.redeploy());
  await expectPage(demo, pushed.newest?.commit ?? "");
  await timed("merge → nothing left", () => demo.merge());
  demo.teller.line("");
  for (const { deed, seconds } of rows) demo.teller.line(`${deed.padEnd(22)} ${seconds.toFixed(1).padStart(6)} s`);
  demo.teller.line(`\nits own data: ${opened.data ?? "none"}`);
}

/** A name that only the seed knows. */
const seededName = "Ada Lovelace";

async function expectPage({ stage, link }: Demo, commit: string): Promise<void> {
  const { status, body } = await stage.mayfly.visit(link);
  if (status !== 200) throw new DemoFailure(`the page answers ${status} through the gateway`);
  if (!body.includes(commit.slice(0, 7)))
    throw new DemoFailure(`the page does not show the commit ${commit.slice(0, 7)}`);
  if (!body.includes(seededName)) throw new DemoFailure(`the page does not show the seeded entry of ${seededName}`);
}
