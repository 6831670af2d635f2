import { pack } from "tar-stream";
import { describe, expect, test } from "vitest";
import { maskOnThread, searchOnThread } from "../../../src/data/mask/thread.ts";
import { column, pieces, rules, salt, textOf } from "./world.ts";

const wish = {
  source: { name: "nightly", sensitive: false },
  rules: rules(["users", "email", "email"]),
  columns: [column("users.email"), column("users.note")],
  salt,
};
const rows = Array.from({ length: 20_000 }, (_, index) => `person-${index}@mail.org\tnote ${index}\n`).join("");
const end = "\\.\n-- PostgreSQL database dump complete\n";
const dump = Buffer.from(`COPY public.users (email, note) FROM stdin;\n${rows}${end}`);

describe("on a thread of its own", () => {
  test("a dump is masked while the event loop goes on, and what came out is searched", async () => {
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    const masked = maskOnThread({ wish, database: "postgres" }, pieces(dump, 65_536));
    const text = await textOf(masked.content);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(10);
    expect(text.match(/@example\.com\tnote \d+\n/g)).toHaveLength(20_000);
    const values = masked.values();
    expect(values).toHaveLength(1000);
    const search = (content: string) =>
      searchOnThread({ values, form: "postgres-dump" }, pieces(Buffer.from(content), 1000));
    expect(await search(text)).toEqual([]);
    const planted = `see ${values[0]?.text}`;
    expect(await search(text.replace("note 77\n", `${planted}\n`))).toMatchObject([
      { column: "users.email", where: expect.stringContaining("public.users.note, line") },
    ]);
    const archive = pack();
    archive.entry({ name: "data/base/1" }, "nothing");
    archive.entry({ name: "data/log" }, planted);
    archive.finalize();
    expect(await searchOnThread({ values, form: "archive" }, archive as AsyncIterable<Buffer>)).toMatchObject([
      { where: "data/log, byte 4" },
    ]);
  });

  test("what is wrong with a dump, or ends it, ends the thread too", async () => {
    const read = (chunks: AsyncIterable<Buffer>) =>
      textOf(maskOnThread({ wish, database: "postgres" }, chunks).content);
    await expect(read(pieces(dump.subarray(0, 1000), 100))).rejects.toMatchObject({ code: "dump-invalid" });
    // A range without an end, which no rule can say: as what is too large for the engine that runs us.
    const endlessRange = { kind: "number", from: 0, to: Infinity } as const;
    const tooLarge = {
      ...wish,
      rules: rules(["users", "note", endlessRange]),
      columns: [column("users.email"), column("users.note", { type: { kind: "decimal", scale: 0 } })],
    };
    const ofTooLarge = maskOnThread({ wish: tooLarge, database: "postgres" }, pieces(dump, 1000)).content;
    await expect(textOf(ofTooLarge)).rejects.toMatchObject({
      code: "dump-invalid",
      message: expect.stringContaining("too large"),
    });
    const broken = async function* () {
      yield dump.subarray(0, 1000);
      throw new Error("the connection was lost");
    };
    await expect(read(broken())).rejects.toThrow("the connection was lost");
    let ended = false;
    const endless = async function* () {
      try {
        for (;;) yield Buffer.from("SET a = b;\n");
      } finally {
        ended = true;
      }
    };
    for await (const _ of maskOnThread({ wish, database: "postgres" }, endless()).content) break;
    expect(ended).toBe(true);
  });
});
