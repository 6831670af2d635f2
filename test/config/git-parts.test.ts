import { expect, test } from "vitest";
import { loadServerConfig, settingsFor } from "../../src/config/server.ts";
import { mayBeSubmodule } from "../../src/domain/git-parts.ts";

const load = (text: string) => loadServerConfig({ path: "server.yaml", text, environment: {}, readFile: () => "" });

test("what is fetched beside a commit is said for all, for an owner's, or for one repository", () => {
  const config = load(`defaults: { git: { submodules: [acme/design] } }
repositories: { acme/*: { git: { lfs: true } }, acme/shop: { git: { submodules: [] } }, other/x: {} }`);
  expect(settingsFor(config, "other/x").git).toEqual({ lfs: false, submodules: ["acme/design"] });
  expect(settingsFor(config, "acme/any").git).toEqual({ lfs: true, submodules: ["acme/design"] });
  expect(settingsFor(config, "acme/shop").git).toEqual({ lfs: true, submodules: [] });
});

test.each([
  ["submodules: [https://github.com/acme/design]", "git.submodules[0] must be OWNER/NAME or OWNER/*"],
  ["submodules: ['*']", "git.submodules[0] must be OWNER/NAME or OWNER/*"],
  ["submodules: ['*/*']", "git.submodules[0] must be OWNER/NAME or OWNER/*"],
  ["submodule: [acme/design]", 'git: unknown key "submodule". Did you mean "submodules"?'],
])("`git: { %s }` is told at its place", (git, message) => {
  expect(() => load(`defaults: { git: { ${git} } }`)).toThrow(`defaults.${message}`);
});

test.each([
  ["acme/design", true],
  ["Acme/Design", true],
  ["acme/designs", false],
  ["tools/any", true],
  ["toolsmith/any", false],
])("%s among acme/design and tools/*: %s", (repository, may) => {
  expect(mayBeSubmodule({ lfs: false, submodules: ["ACME/design", "tools/*"] }, repository)).toBe(may);
});
