import { expect, test } from "vitest";
import { inMemoryWorld, serveApi, token } from "../api/in-memory-world.ts";
import { mayfly } from "./spawned.ts";

test("a token is made, works, is listed, and is revoked", async () => {
  await using server = await serveApi(inMemoryWorld());
  const as = (text: string, ...args: string[]) =>
    mayfly(args, { environment: { MAYFLY_SERVER: server.url, MAYFLY_API_TOKEN: text } });

  const made = await as(token, "token", "create", "ci", "--scope", "read,deploy");
  expect(made).toEqual({
    code: 0,
    out: expect.stringMatching(/^mayfly_[0-9a-f]{40}\n$/),
    err: "This is the token ci (read, deploy); it is not shown again.\n",
  });
  const ci = made.out.trim();
  expect((await as(ci, "redeploy", "shop-pr-42")).code).toBe(0);
  expect(await as(ci, "token", "ls")).toEqual({
    code: 1,
    out: "",
    err: "GET /api/tokens needs a token with the scope admin\nThe token ci has read, deploy. An admin makes another: `mayfly token create NAME --scope admin`.\n",
  });

  const list = await as(token, "token", "ls");
  expect(list.out.split("\n")).toEqual([
    expect.stringMatching(/^NAME +SCOPES +FROM +AGE$/),
    expect.stringMatching(/^first +admin +first +-$/),
    expect.stringMatching(/^ci +read, deploy +runtime +\S+ .*$/),
    "",
  ]);
  const json = JSON.parse((await as(token, "token", "ls", "--json")).out) as unknown[];
  expect(json).toMatchObject([{ name: "first" }, { name: "ci", scopes: ["read", "deploy"], from: "runtime" }]);

  expect(await as(token, "token", "rm", "ci")).toMatchObject({
    code: 0,
    out: "The token ci opens nothing any more.\n",
  });
  expect((await as(ci, "ls")).code).toBe(1);
  expect(await as(token, "token", "rm", "ci")).toMatchObject({
    code: 1,
    err: "there is no token ci\n`mayfly token ls` shows the tokens there are.\n",
  });
  const again = await as(token, "token", "create", "ci", "--json");
  expect(JSON.parse(again.out)).toEqual({ name: "ci", scopes: ["read"], token: expect.stringContaining("mayfly_") });
});

test.each([
  [["token"], "token needs create|ls|rm"],
  [["token", "make", "ci"], 'there is no token command "make"'],
  [["token", "create"], "token create needs NAME"],
  [["token", "create", "ci", "--scope", "write"], '"write" is no scope: there are read, deploy, admin'],
])("%j exits 2 and says how it is used", async (args, what) => {
  const { code, err } = await mayfly(args);
  expect([code, err.split("\n")[0]]).toEqual([2, what]);
  expect(err).toContain("Usage: mayfly token");
});
