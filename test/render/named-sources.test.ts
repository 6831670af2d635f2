import { describe, expect, test } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import type { SourceOffer } from "../../src/domain/source.ts";
import { render } from "./fixtures.ts";

const compose = `services:
  web: { image: "nginx:stable", ports: ["80"] }
  db: { image: "postgres:17", volumes: ["pgdata:/var/lib/postgresql/data"] }
  cache: { image: "redis:8", volumes: ["cache:/data"] }
  web2: { image: "nginx:stable", volumes: ["files:/srv"] }
volumes: { pgdata: {}, cache: {}, files: {} }
`;
const rendered = (data: string, sources: SourceOffer | null) =>
  render({ "compose.yaml": compose, "a.sql": "", ".mayfly.yaml": `data:\n  db: ${data}\n` }, { sources });

function refusal(data: string, sources: SourceOffer): InputError {
  try {
    rendered(data, sources);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

const team = { names: ["nightly", "weekly"], closed: [] };
const fork = { names: [], closed: ["nightly", "weekly"] };

describe("a source that a manifest names", () => {
  test.each(["{ seed: [ { source: nightly }, a.sql ] }", "{ source: nightly, seed: [ a.sql ] }"])(
    "is the first part of the seed: %s",
    (data) => {
      expect(rendered(data, team).stack?.seeds[0]?.parts).toEqual([
        { kind: "source", name: "nightly" },
        { kind: "file", path: "a.sql", form: "sql" },
      ]);
      expect(rendered(data, null).stack).not.toBeNull();
    },
  );

  test("is what its data's rules are about, written in either way", () => {
    const volumesOf = (said: string) => rendered(`{ volume: pgdata, ${said}, changed: keep }`, team).stack?.volumes;
    const long = volumesOf("seed: [ { source: nightly } ]");
    expect(long?.find(({ name }) => name === "pgdata")?.rules).toMatchObject({ service: "db", changed: "keep" });
    expect(volumesOf("source: nightly")).toEqual(long);
  });

  test.each([
    [
      "{ seed: [ { source: nightyl } ] }",
      team,
      "source-missing",
      'there is no source "nightyl"',
      "Did you mean nightly?",
      14,
    ],
    ["{ source: other }", team, "source-missing", 'there is no source "other"', "There are: nightly, weekly.", 17],
    [
      "{ source: other }",
      { names: [], closed: [] },
      "source-missing",
      'there is no source "other"',
      "There are none for this repository",
      17,
    ],
    [
      "{ source: nightly }",
      fork,
      "source-missing",
      "the source nightly is not given to a fork's pull request",
      "sources: { nightly: { forks: allow } }",
      17,
    ],
    [
      "{ seed: [ a.sql, { source: nightly } ] }",
      team,
      "invalid-value",
      "the source nightly must come first",
      "Move it up",
      24,
    ],
  ])("is refused at its place: %s", (data, offer, code, message, hint, column) => {
    const error = refusal(data, offer);
    expect([error.code, error.message]).toEqual([code, message]);
    expect(error.hint).toContain(hint);
    expect(error.place).toMatchObject({ file: ".mayfly.yaml", line: 2 });
    expect(Math.abs((error.place?.column ?? 0) - column)).toBeLessThan(4);
  });

  test.each(["cache", "web2"])("is not for what reads no SQL: %s", (service) => {
    const data = `{ volume: pgdata }\n  ${service}: { source: nightly }`;
    const error = refusal(data, team);
    expect(error.message).toBe(
      `the source nightly cannot be loaded into ${service}, which is no Postgres, MariaDB or MySQL`,
    );
    expect(error.place).toMatchObject({ file: ".mayfly.yaml", line: 3 });
  });
});
