import { describe, expect, test } from "vitest";
import { report } from "../../src/feedback/report.ts";
import { attempt, commits, failure, pull, tell } from "./facts.ts";

const host = "shop-pr-42.preview.localhost";
const name = `**[${host}](https://${host})**`;
const commit = (sha: string) => `[\`${sha.slice(0, 7)}\`](https://github.test/acme/shop/commit/${sha})`;
const second = commit(commits.second);

describe("a rollback", () => {
  const third = "fed9876".padEnd(40, "0");
  const good = [attempt(1), attempt(2), attempt(3, { commit: third })];
  const again = { commit: commits.second, origin: 2, cause: "/rollback by bob" };
  const spec = {
    pull: pull({ headCommit: third }),
    commit: commits.second,
    rollback: { generation: 2, commit: commits.second },
    cause: "/rollback by bob",
  };

  test("is told in the first line, with what it does not do, and how it ends", () => {
    const told = report(...tell({ spec, deployments: [...good, attempt(4, again)] }));
    expect(told.comment.split("\n")[0]).toBe(`${name} is rolled back to ${second}, in 11 s.`);
    expect(told.comment).toContain(
      `Rolled back to ${second} (/rollback by bob): it runs as it did then, on the data that there is now, which was not rolled back. The next push deploys again; \`/redeploy\` returns to ${commit(third)}.`,
    );
    expect(told.comment).toContain("Say `/redeploy`, `/reset`, `/rollback`,");
    expect(told.status).toMatchObject({
      commit: third,
      state: "success",
      description: "Rolled back to def5678 on request; the next push deploys again",
    });
  });

  test("that goes on, or failed, says so and what serves", () => {
    const starting = attempt(4, { ...again, phase: "starting" });
    expect(report(...tell({ spec, deployments: [...good, starting] })).comment.split("\n")[0]).toBe(
      `Rolling back to ${second}. ${name} still serves ${commit(third)}.`,
    );
    expect(report(...tell({ spec, deployments: [...good, starting] })).comment).toContain(
      `To go back to ${second} (/rollback by bob): it will run as it did then, on the data that there is now, which is not rolled back.`,
    );
    const told = report(
      ...tell({ spec, deployments: [...good, attempt(4, { ...again, phase: "failed", failure: failure() })] }),
    );
    expect(told.comment.split("\n")[0]).toMatch(/serves .*fed9876.*Rolling back to .*def5678.* failed: /);
    expect(told.status).toMatchObject({ commit: third, state: "success" });
  });

  test("of a preview that has nothing before what serves is not offered", () => {
    expect(report(...tell({ deployments: [attempt(1)] })).comment).not.toContain("/rollback");
  });
});
