import { expect, test } from "vitest";
import { withGitParts } from "../../src/app-source.ts";
import { loadServerConfig } from "../../src/config/server.ts";
import { type GitParts, noGitParts } from "../../src/domain/git-parts.ts";
import { unread } from "../../src/domain/preview.ts";
import { pullRequest } from "../support/pull.ts";

const text = "repositories: { acme/shop: { git: { lfs: true, submodules: [acme/design] } }, acme/*: {} }";
const config = loadServerConfig({ path: "server.yaml", text, environment: {}, readFile: () => "" });
const opted: GitParts = { lfs: true, submodules: ["acme/design"] };

test.each([
  ["a pull request of the repository itself", "acme/shop", pullRequest(), opted],
  ["a fork", "acme/shop", { ...pullRequest(), headRepositoryId: 99 }, noGitParts],
  ["a fork that was deleted", "acme/shop", { ...pullRequest(), headRepositoryId: null }, noGitParts],
  ["one that nobody read yet", "acme/shop", null, noGitParts],
  ["another repository", "acme/other", pullRequest(), noGitParts],
])("%s has what the operator lets it have", async (_whose, repository, pull, expected) => {
  const asked: (GitParts | undefined)[] = [];
  const source = withGitParts(
    {
      async checkout({ parts }) {
        asked.push(parts);
        throw new Error("seen");
      },
    },
    config,
  );
  const { repositoryId } = pullRequest();
  const checkout = (id: number) =>
    source.checkout({ repository, repositoryId: id, number: 1, spec: { ...unread, pull } }, "c".repeat(40));
  await expect(checkout(repositoryId)).rejects.toThrow("seen");
  await expect(checkout(2 ** 52 + 1)).rejects.toThrow("seen");
  expect(asked).toEqual([expected, noGitParts]);
});
