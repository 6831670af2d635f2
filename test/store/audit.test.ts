import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { byItself, noteOfRequest, noteOfWish } from "../../src/domain/audit.ts";
import type { Preview, PreviewSpec } from "../../src/domain/preview.ts";
import { openStore } from "../../src/store/store.ts";
import { service, shop } from "../support/stack.ts";
import { fakeClock } from "../support/fake-clock.ts";

const day = 86_400_000;
const pull = { repositoryId: 7, repository: "acme/shop", number: 42 };
const about = { preview: "7-42", outcome: "done", detail: null } as const;

describe("the audit", () => {
  test("is only added to: the database refuses to change, replace or remove an entry", () => {
    const folder = mkdtempSync(join(tmpdir(), "mayfly-audit-"));
    const path = join(folder, "mayfly.db");
    const clock = fakeClock();
    {
      using store = openStore(path, clock);
      store.audit.write({ ...byItself, ...about, action: "deploy" });
    }
    const connection = new DatabaseSync(path);
    const columns = "id, at, actor_kind, actor, via, action, outcome";
    for (const sql of [
      "update audit set actor = 'nobody'",
      "update audit set outcome = 'refused' where id = 1",
      "delete from audit",
      "delete from audit where id = 1",
      `insert or replace into audit (${columns}) values (1, 1, 'person', 'x', 'api', 'deploy', 'done')`,
      `replace into audit (${columns}) values (1, 1, 'person', 'x', 'api', 'deploy', 'done')`,
    ])
      expect(() => connection.exec(sql)).toThrow("the audit is only added to");
    connection.close();
    using store = openStore(path, clock);
    expect(store.audit.list({ limit: 10 })).toEqual([{ ...byItself, ...about, action: "deploy", at: clock.now() }]);
    rmSync(folder, { recursive: true });
  });

  test("tells once for each attempt that it makes use of what the operator allows", () => {
    using store = openStore(":memory:", fakeClock());
    store.previews.ensure(pull, 1);
    const web = service("web", { capAdd: ["CHOWN", "SYS_PTRACE"] });
    for (const generation of [1, 1, 2]) {
      store.attempts.begin({ preview: "7-42", generation, commit: "a", cause: "opened" });
      store.attempts.prepared("7-42", { ...shop(generation), services: [web] }, []);
    }
    const told = store.audit.list({ limit: 10 }).map(({ actor, action, detail }) => [actor.kind, action, detail]);
    expect(told).toEqual([
      ["mayfly", "widen", "cap_add:SYS_PTRACE in generation 2"],
      ["mayfly", "widen", "cap_add:SYS_PTRACE in generation 1"],
    ]);
  });

  test("is forgotten after its time, and not before", async () => {
    const clock = fakeClock();
    using store = openStore(":memory:", clock);
    store.audit.write({ ...byItself, ...about, action: "deploy" });
    await clock.advance(2 * day);
    store.audit.write({ ...byItself, ...about, action: "destroy" });
    const actions = () => store.audit.list({ limit: 10 }).map((entry) => entry.action);
    store.forgetOld({ auditKeepMs: 3 * day });
    expect(actions()).toEqual(["destroy", "deploy"]);
    await clock.advance(1.5 * day);
    store.forgetOld({ auditKeepMs: 3 * day });
    expect(actions()).toEqual(["destroy"]);
  });

  test("is listed newest first, by preview, time and number", async () => {
    const clock = fakeClock();
    using store = openStore(":memory:", clock);
    for (const preview of ["7-1", "7-2", "7-1"]) {
      store.audit.write({ ...byItself, ...about, preview, action: `on ${preview}` });
      await clock.advance(1000);
    }
    const since = clock.now() - 2000;
    expect(store.audit.list({ preview: "7-1", limit: 10 })).toHaveLength(2);
    expect(store.audit.list({ since, limit: 10 }).map((entry) => entry.preview)).toEqual(["7-1", "7-2"]);
    expect(store.audit.list({ preview: "7-2", since, limit: 10 })).toHaveLength(1);
    expect(store.audit.list({ limit: 1 })).toMatchObject([{ preview: "7-1" }]);
  });

  test("is written with the wish it tells of, or neither is", () => {
    using store = openStore(":memory:", fakeClock());
    const preview = store.previews.ensure(pull, 0);
    const wish: Preview = { ...preview, spec: { ...preview.spec, wanted: "running", reason: "open", generation: 1 } };
    const asker = { actor: { kind: "token", name: "ci" }, via: "api", address: "192.0.2.7" } as const;
    expect(store.wishes.putFor(wish, "deploy", asker)).toBe(true);
    expect(store.wishes.putFor(wish, "deploy", asker)).toBe(false);
    expect(store.audit.list({ limit: 10 })).toMatchObject([
      { ...asker, action: "deploy", preview: "7-42", outcome: "done" },
    ]);
  });

  test("tells of a comment once, whether it was carried out or refused, whatever is run again", () => {
    using store = openStore(":memory:", fakeClock());
    const { key } = store.previews.ensure(pull, 0);
    const say = (
      commentId: number,
      verb: "redeploy" | "help" | "logs",
      author: string,
      argument: string | null = null,
    ) => store.intake.addRequest({ ...pull, preview: key, verb, author, argument, commentId, receivedAt: commentId });
    say(1, "redeploy", "mallory");
    say(2, "logs", "ann", "web");
    say(3, "help", "ann");
    for (const _ of [1, 2]) {
      store.wishes.answer(1, "-1", "`/redeploy` needs write permission");
      store.wishes.accept(2, 0);
      store.wishes.answer(3, "+1", "the help");
    }
    expect(store.audit.list({ limit: 10 })).toMatchObject([
      { actor: { kind: "person", name: "ann" }, via: "comment", action: "logs", outcome: "done", detail: "web" },
      {
        actor: { name: "mallory" },
        action: "redeploy",
        outcome: "refused",
        detail: "`/redeploy` needs write permission",
      },
    ]);
  });
});

const spec: PreviewSpec = { ...openedSpec() };

describe("what Mayfly does by itself", () => {
  test.each<[string, Partial<PreviewSpec>, Partial<PreviewSpec>, { action: string; detail: string } | null]>([
    ["a push", {}, { generation: 2, cause: "push of abc1234" }, { action: "deploy", detail: "push of abc1234" }],
    ["a merge", {}, { wanted: "absent", reason: "merged" }, { action: "destroy", detail: "merged" }],
    ["a fork", { reason: "unread" }, { wanted: "blocked", reason: "fork" }, { action: "block", detail: "fork" }],
    ["a title", {}, { pull: null }, null],
    ["a close that is known", { wanted: "absent", reason: "closed" }, { wanted: "absent", reason: "closed" }, null],
  ])("is told of %s", (_, before, after, told) => {
    const note = noteOfWish(preview({ ...spec, ...before }), preview({ ...spec, ...before, ...after }));
    expect(note).toEqual(told && { ...byItself, preview: "7-42", outcome: "done", ...told });
  });

  test("tells no answer that was meant for one person, and no long story", () => {
    const said = { preview: "7-42", verb: "redeploy", argument: null, author: "ann" } as const;
    expect(noteOfRequest(said, "done", "a link with a secret")?.detail).toBeNull();
    expect(noteOfRequest(said, "refused", "x".repeat(5000))?.detail).toHaveLength(300);
    expect(noteOfRequest({ ...said, verb: "misspelled" }, "refused", "no")).toBeNull();
  });
});

function preview(changed: PreviewSpec): Preview {
  using store = openStore(":memory:", fakeClock());
  return { ...store.previews.ensure(pull, 0), spec: changed };
}

function openedSpec(): PreviewSpec {
  using store = openStore(":memory:", fakeClock());
  return { ...store.previews.ensure(pull, 0).spec, wanted: "running", reason: "open", generation: 1 };
}
