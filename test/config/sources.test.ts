import { describe, expect, test } from "vitest";
import { loadServerConfig } from "../../src/config/server.ts";

const load = (text: string) =>
  loadServerConfig({ path: "/etc/mayfly/server.yaml", text, environment: {}, readFile: () => "" });

describe("sources of the server file", () => {
  test("reads sources with their defaults: by night, for all repositories, not for forks", () => {
    const [nightly] = load('sources: { nightly: { file: dump.sql.gz, refresh: "0 3 * * *" } }').sources;
    expect(nightly).toMatchObject({
      name: "nightly",
      from: { kind: "file", path: "/etc/mayfly/dump.sql.gz" },
      image: null,
      sensitive: false,
      mask: null,
      repositories: null,
      forks: false,
      timeoutMs: 7_200_000,
    });
    const midnight = Date.UTC(2026, 10, 24) + new Date(Date.UTC(2026, 10, 24)).getTimezoneOffset() * 60_000;
    expect(nightly?.refresh?.next(midnight)).toBe(midnight + 3 * 3_600_000);
    expect(nightly?.refresh?.next(midnight + 3 * 3_600_000)).toBe(midnight + 27 * 3_600_000);
    expect(load("data: { budget: 50GiB }").data).toEqual({ budgetBytes: 50 * 1024 ** 3 });
  });

  test.each([
    ["{}", "sources.nightly must have either a command or a file"],
    ["{ command: a, file: b }", "sources.nightly must have either a command or a file"],
    ["{ file: a, sensitive: true }", "sources.nightly is sensitive, and says in no mask what is to be hidden"],
    [
      "{ file: a, refresh: nightly }",
      "sources.nightly.refresh must be a schedule such as 0 3 * * * (every night at three)",
    ],
    [
      "{ file: a, refresh: '0 0 3 * * *' }",
      "sources.nightly.refresh must be a schedule such as 0 3 * * * (every night at three)",
    ],
    ["{ file: a, comand: a }", 'sources.nightly: unknown key "comand". Did you mean "command"?'],
  ])("says what is wrong with a source: %s", (source, message) => {
    expect(() => load(`sources: { nightly: ${source} }`)).toThrow(message);
  });
});
