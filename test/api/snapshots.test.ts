import { expect, test } from "vitest";
import { mayfly } from "../cli/spawned.ts";
import { stored } from "./examples.ts";
import { inMemoryWorld, serveApi, token } from "./in-memory-world.ts";

test("mayfly snapshot ls tells whose data each is, what it takes, and who reads it", async () => {
  const older = stored({ id: "3f2a91bc-00000001", newest: false, branches: [], inUse: false, bytes: null });
  await using server = await serveApi(inMemoryWorld({ stored: [stored(), older] }));
  const environment = { MAYFLY_SERVER: server.url, MAYFLY_API_TOKEN: token };
  const { code, out } = await mayfly(["snapshot", "ls"], { environment });
  expect(code).toBe(0);
  expect(out.split("\n").map((line) => line.replaceAll(/\d+ days/g, "long ago"))).toEqual([
    expect.stringMatching(/^OF +ID +TRUST +SOURCE +BUILT +USED +SIZE +PREVIEWS$/),
    expect.stringMatching(/^acme\/shop db +3f2a91bc-5d1e88f0 +team +- +long ago +long ago +3\.0 GiB +1$/),
    expect.stringMatching(/ - +-, old$/),
    "3.0 GiB in snapshots, 0 B in sources, 2.0 MiB that previews wrote",
    "",
  ]);
  const json = await mayfly(["snapshot", "ls", "--json"], { environment });
  expect(JSON.parse(json.out)).toEqual([stored(), older]);
});

test("mayfly snapshot show tells what one is made of, by its id or what it begins with", async () => {
  const failure = { code: "seed-failed", what: "it broke.", now: "Mend it.", at: 0 } as never;
  await using server = await serveApi(inMemoryWorld({ stored: [stored({ failure })] }));
  const environment = { MAYFLY_SERVER: server.url, MAYFLY_API_TOKEN: token };
  const { code, out } = await mayfly(["snapshot", "show", "3f2a91bc"], { environment });
  expect(code).toBe(0);
  for (const line of [
    /^3f2a91bc-5d1e88f0$/m,
    /^ {2}of +acme\/shop, service db \(team\)$/m,
    /^ {2}loaded +db\/schema.sql, db\/seed.sql$/m,
    /^ {2}built +.* in 4.0 s, for shop-pr-42$/m,
    /^ {2}branch +shop-pr-42, wrote 2.0 MiB$/m,
    /^ {2}failed .*: it broke\. Mend it\.$/m,
  ])
    expect(out).toMatch(line);
  const shown = await mayfly(["snapshot", "show", "3f2a91bc", "--json"], { environment });
  expect(JSON.parse(shown.out)).toMatchObject({ id: "3f2a91bc-5d1e88f0" });
  const none = await mayfly(["snapshot", "show", "ffff0000"], { environment });
  expect(none).toMatchObject({ code: 1, err: expect.stringContaining('there is no snapshot "ffff0000"') });
  expect((await mayfly(["snapshot", "look"], { environment })).code).toBe(2);
  expect((await mayfly(["snapshot", "show"], { environment })).code).toBe(2);
});

test("people who signed in are told nothing of the server's data", async () => {
  await using server = await serveApi(inMemoryWorld());
  expect((await fetch(`${server.url}/api/snapshots`)).status).toBe(401);
});
