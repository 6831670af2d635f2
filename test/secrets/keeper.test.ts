import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { SecretSource } from "../../src/config/server-file.ts";
import { InputError } from "../../src/domain/errors.ts";
import { maskSecrets } from "../../src/feedback/masking.ts";
import { createKeeper } from "../../src/secrets/keeper.ts";

const folder = mkdtempSync(join(tmpdir(), "mayfly-secrets-"));
afterAll(() => rmSync(folder, { recursive: true }));

const shop = { repository: "acme/shop", repositoryId: 1 };
const blog = { repository: "acme/blog", repositoryId: 2 };

function keeperOf(sources: Record<string, SecretSource>, environment: Record<string, string> = {}) {
  const written = Object.fromEntries(
    Object.entries(sources).map(([name, source], index) => [
      name,
      { source, place: { file: join(folder, "server.yaml"), line: index + 1, column: 3 } },
    ]),
  );
  return createKeeper({
    written: () => written,
    sources: {
      environment: { PATH: process.env["PATH"], ...environment },
      readFile: (path) => (existsSync(path) ? readFileSync(path, "utf8") : null),
    },
    own: ["the-token-of-the-server"],
    salt: "salt",
    mask: maskSecrets,
  });
}

async function failure(reading: Promise<unknown>): Promise<InputError> {
  const error = await reading.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof InputError) return error;
  throw new Error("it did not fail as expected", { cause: error });
}

describe("a secret is read", () => {
  test.each<[string, SecretSource, string]>([
    ["a text", "plain text", "plain text"],
    ["the environment", { env: "FROM_OUTSIDE" }, "of the environment"],
    ["a file beside the server file, its last newline left out", { file: "secret.txt" }, "of a file"],
    ["what a command prints, one newline left out", { command: "printf 'two\\nlines\\n\\n'" }, "two\nlines\n"],
    [
      "a command that uses the shell and the server's environment",
      { command: "echo $FROM_OUTSIDE | tr a-z A-Z" },
      "OF THE ENVIRONMENT",
    ],
    ["a command run beside the server file", { command: "cat secret.txt" }, "of a file"],
    ["a command that never sees Mayfly's own variables", { command: "echo x${MAYFLY_API_TOKEN}x" }, "xx"],
  ])("from %s", async (_what, source, value) => {
    writeFileSync(join(folder, "secret.txt"), "of a file\n");
    const keeper = keeperOf({ KEY: source }, { FROM_OUTSIDE: "of the environment", MAYFLY_API_TOKEN: "hidden" });
    expect(Object.fromEntries(await keeper.read(shop, ["KEY"]))).toEqual({ KEY: value });
  });

  test("anew each time a deployment asks, so that a rotated one needs no restart", async () => {
    const keeper = keeperOf({ KEY: { file: "rotated.txt" } });
    writeFileSync(join(folder, "rotated.txt"), "the first value");
    const before = (await keeper.read(shop, ["KEY"])).get("KEY") ?? "";
    writeFileSync(join(folder, "rotated.txt"), "the second value");
    expect((await keeper.recall(shop, ["KEY"])).get("KEY")).toBe("the first value");
    const after = (await keeper.read(shop, ["KEY"])).get("KEY") ?? "";
    expect(after).toBe("the second value");
    expect((await keeper.recall(shop, ["KEY"])).get("KEY")).toBe("the second value");
    expect(keeper.printOf(shop, "KEY", before)).not.toBe(keeper.printOf(shop, "KEY", after));
    expect(keeper.known(shop.repositoryId)).toEqual(["the-token-of-the-server", before, after]);
  });
});

describe("a secret that cannot be read", () => {
  test.each<[string, SecretSource, RegExp]>([
    ["an unset variable", { env: "NOT_SET" }, /KEY could not be read: .*NOT_SET is not set/],
    ["a file that is not there", { file: "none.txt" }, /there is no file none\.txt/],
    ["a folder", { file: "." }, /its file cannot be read/],
    [
      "a command that fails",
      { command: "echo no such path >&2; exit 3" },
      /exit code 3; Mayfly's log has its last words$/,
    ],
    ["a command that prints nothing", { command: "true" }, /it is empty/],
    ["a command that is not there", { command: "no-such-vault-client" }, /exit code 127/],
    ["a command that floods us", { command: "yes" }, /said too much/],
  ])("%s is told with its place, and nothing of a value", async (_what, source, told) => {
    const error = await failure(keeperOf({ KEY: source }).read(shop, ["KEY"]));
    expect(error).toMatchObject({ code: "secret-failed", place: { line: 1 }, retry: "never" });
    expect(error.message).toMatch(told);
  });

  test("what a failing command says is for the log alone, and masked", async () => {
    const keeper = keeperOf({
      GOOD: "a value that is known",
      KEY: { command: "echo 'a value that is known, VAULT_TOKEN=hvs.abcdefgh, the-token-of-the-server' >&2; exit 1" },
    });
    await keeper.read(shop, ["GOOD"]);
    const { message, cause } = await failure(keeper.read(shop, ["KEY"]));
    expect(message).not.toContain("***");
    expect((cause as Error).message).toContain("***, VAULT_TOKEN=***, ***");
  });

  test("all that are not set are named at once", async () => {
    const error = await failure(keeperOf({ A: "x" }).read(shop, ["A", "B", "C"]));
    expect(error).toMatchObject({ code: "secret-missing", message: "missing: B, C" });
  });
});

test("what one repository's secrets are is not known in another's texts, and our own log knows all", async () => {
  const keeper = keeperOf({ KEY: "the value of a shop" });
  await keeper.read(shop, ["KEY"]);
  expect(keeper.known(blog.repositoryId)).toEqual(["the-token-of-the-server"]);
  expect(keeper.knownAll()).toEqual(["the-token-of-the-server", "the value of a shop"]);
  const list = keeper.known(shop.repositoryId);
  await keeper.read(shop, ["KEY"]);
  expect(keeper.known(shop.repositoryId)).toBe(list);
});
