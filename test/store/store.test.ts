import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { keptSecret, lockState } from "../../src/store/lock.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { shop } from "../support/stack.ts";

const pull = { repositoryId: 7, repository: "acme/shop", number: 42 };
const clock = fakeClock();
let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-store-"));
  store = openStore(join(folder, "mayfly.db"), clock);
});
afterEach(() => {
  store[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

describe("a preview's row", () => {
  test("a slug is fixed at first sight: a rename keeps it, a second owner's gets the owner's name", () => {
    expect(store.previews.ensure(pull, 1).slug).toBe("shop-pr-42");
    expect(store.previews.ensure({ ...pull, repositoryId: 8, repository: "other/shop" }, 1).slug).toBe(
      "shop-other-pr-42",
    );
    expect(store.previews.ensure({ ...pull, repository: "acme/store", number: 43 }, 1)).toMatchObject({
      slug: "shop-pr-43",
      repository: "acme/store",
    });
  });

  test("is written by compare-and-set: who read an older revision writes nothing", () => {
    const read = store.previews.ensure(pull, 1);
    const mine = { ...read, spec: { ...read.spec, cause: "mine" } };
    expect(store.wishes.put(mine)).toBe(true);
    expect(store.wishes.put({ ...read, spec: { ...read.spec, cause: "theirs" } })).toBe(false);
    expect(store.previews.get("7-42")?.spec.cause).toBe("mine");
  });

  test("what was stored and not acted on is known, of previews that are gone as well", () => {
    store.previews.ensure(pull, 1);
    store.previews.ensure({ ...pull, number: 43 }, 1);
    expect(store.previews.unheard()).toEqual([]);
    store.requests.add({
      ...pull,
      preview: "7-43",
      verb: "deploy",
      argument: null,
      author: "ann",
      commentId: 1,
      receivedAt: 1,
    });
    expect(store.previews.unheard()).toEqual(["7-43"]);
    store.wishes.answer(1, "+1", "done");
    expect(store.previews.unheard()).toEqual([]);
  });

  test("a removal that ends late does not mark a newer wish as gone", () => {
    const read = store.previews.ensure(pull, 1);
    store.wishes.put({ ...read, spec: { ...read.spec, wanted: "running", generation: 2 } });
    store.wishes.markGone("7-42", 1);
    store.wishes.markGone("7-42", 2);
    expect(store.previews.get("7-42")?.goneAt).toBeNull();
  });
});

describe("a deployment's row", () => {
  beforeEach(() => {
    store.previews.ensure(pull, 1);
    store.attempts.begin({ preview: "7-42", generation: 1, commit: "a", cause: "opened" });
  });

  test("keeps the rendered stack", () => {
    store.attempts.prepared("7-42", shop(1), []);
    expect(store.attempts.of("7-42")[0]?.stack).toEqual(shop(1));
    expect(store.audit.list({ limit: 10, preview: "7-42" }).map(({ action }) => action)).not.toContain("widen");
  });

  test("an overtaken attempt can neither become ready nor fail", () => {
    store.attempts.supersede("7-42", 2);
    expect(store.attempts.commit("7-42", shop(1))).toBe(false);
    expect(store.attempts.of("7-42")[0]).toMatchObject({ phase: "superseded", readyAt: null });
  });

  test("begun again after a restart, it is the same attempt", () => {
    store.attempts.enter("7-42", 1, "starting");
    store.attempts.begin({ preview: "7-42", generation: 1, commit: "b", cause: "again" });
    expect(store.attempts.of("7-42")).toMatchObject([{ commit: "a", phase: "starting" }]);
  });
});

describe("the database", () => {
  test("work that fails in a group commit undoes itself alone", async () => {
    const database = openDatabase(":memory:");
    database.run("insert into whole_volumes (name, preview, completed_at) values ('first', 'p', 1)");
    const good = database.commitSoon(() =>
      database.run("insert into whole_volumes (name, preview, completed_at) values ('good', 'p', 1)"),
    );
    const bad = database.commitSoon(() => {
      database.run("insert into whole_volumes (name, preview, completed_at) values ('half', 'p', 1)");
      database.run("insert into whole_volumes (name, preview, completed_at) values ('first', 'p', 1)");
    });
    await expect(bad).rejects.toThrow("UNIQUE");
    await good;
    expect(database.all("select name from whole_volumes order by name").map((row) => row["name"])).toEqual([
      "first",
      "good",
    ]);
    database[Symbol.dispose]();
  });

  test("what was acknowledged survives kill -9", async () => {
    const path = join(folder, "killed.db");
    const script = `
      import { openDatabase } from ${JSON.stringify(join(import.meta.dirname, "../../src/store/database.ts"))};
      const database = openDatabase(${JSON.stringify(path)});
      for (let i = 0; ; i++) {
        await database.commitSoon(() => database.run("insert into whole_volumes (name, preview, completed_at) values (?, 'p', 1)", "v" + i));
        process.stdout.write(i + "\\n");
      }`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    let acknowledged = -1;
    await new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        acknowledged = Math.max(
          acknowledged,
          ...chunk
            .toString()
            .split("\n")
            .filter((line) => line !== "")
            .map(Number),
        );
        if (acknowledged > 200) child.kill("SIGKILL");
      });
      child.on("exit", () => resolve());
    });
    const database = openDatabase(path);
    const count = Number(database.get("select count(*) as n from whole_volumes")?.["n"]);
    expect(acknowledged).toBeGreaterThan(200);
    expect(count).toBeGreaterThanOrEqual(acknowledged);
    database[Symbol.dispose]();
  });
});

describe("the state folder", () => {
  test("is held by one at a time", () => {
    const held = lockState(folder);
    expect(() => lockState(folder)).toThrow("in use by another Mayfly");
    held[Symbol.dispose]();
    lockState(folder)[Symbol.dispose]();
  });

  test("keeps an identity, readable by its owner only", () => {
    let made = 0;
    const randomId = (length: number) => String(++made).repeat(length);
    expect(keptSecret(folder, "server-id", { length: 4, randomId })).toBe("1111");
    expect(keptSecret(folder, "server-id", { length: 4, randomId })).toBe("1111");
    expect(readFileSync(join(folder, "server-id"), "utf8")).toBe("1111\n");
    expect(statSync(join(folder, "server-id")).mode & 0o777).toBe(0o600);
  });

  test("takes a file that a crash left empty for no identity and no secret", () => {
    writeFileSync(join(folder, "api-token"), "");
    const make = { length: 4, randomId: (length: number) => "7".repeat(length) };
    expect(keptSecret(folder, "api-token", make)).toBe("7777");
    expect(readFileSync(join(folder, "api-token"), "utf8")).toBe("7777\n");
  });
});

test("of a preview that is up for long, the images of what is further back than a rollback are not needed", () => {
  const { key } = store.previews.ensure(pull, 1);
  for (const generation of [1, 2, 3]) {
    store.attempts.begin({ preview: key, generation, commit: `c${generation}`, cause: "push", origin: null });
    store.attempts.commit(key, shop(generation));
  }
  expect(store.images.uses().map(({ isLive }) => isLive)).toEqual([false, true, true]);
});
