import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { isImageReference, isOwnImage } from "../../src/domain/image-reference.ts";
import type { Mount } from "../../src/domain/service.ts";
import type { StackSpec } from "../../src/domain/stack.ts";
import { casesOf } from "../../src/render/policy/policy.ts";
import { policyTable } from "../../src/render/policy/policy-table.ts";
import { leadsOutside } from "../../src/render/repository-path.ts";
import { limits, preview, render } from "./fixtures.ts";
import { honoredFixture } from "./honored-fixtures.ts";
import { type Fixture, hostileFixtures } from "./hostile-fixtures.ts";

const files = {
  Dockerfile: "FROM node:24\n",
  "src/index.js": "",
  "src/foreign": "",
  "web.env": "A=1\n",
  ".mayfly.yaml": "routes: { web: 3000 }\n",
};

function compose([, web, rest = ""]: Fixture): string {
  const image = /^(image|build|extends)/.test(web) ? "" : "image: node:24, ";
  return `services:\n  db: { image: postgres:17 }\n  web: { ${image}${web} }\n${rest}\n`;
}

function judge(fixture: Fixture) {
  const { fork, allow } = fixture[3] ?? {};
  const about = {
    ...preview,
    registries: ["ghcr.io"],
    trust: fork ? ("fork" as const) : ("team" as const),
    allow: allow ? (["cap_add:SYS_PTRACE"] as const) : [],
  };
  return render({ "compose.yaml": compose(fixture), ...files }, { preview: about });
}

/** What of a stack is the host's, another preview's or another repository's: nothing, whatever the rest of it is. */
function leaksOf(stack: StackSpec): string[] {
  const networks = new Set(stack.networks.map(({ name }) => name));
  const volumes = new Set(stack.volumes.map(({ name }) => name));
  const ofMount = (mount: Mount): boolean => {
    if (mount.kind === "volume") return !volumes.has(mount.volume);
    return mount.kind === "files" ? leadsOutside(mount.path) : !["anonymous", "tmpfs"].includes(mount.kind);
  };
  const found: [string, boolean][] = [
    ...stack.services.flatMap(({ name, image, mounts, networks: joined }): [string, boolean][] => [
      [
        `the image of ${name}`,
        image.kind === "pull" && (!isImageReference(image.reference) || isOwnImage(image.reference)),
      ],
      [`a mount of ${name}`, mounts.some(ofMount)],
      [`a network of ${name}`, joined.some(({ network }) => !networks.has(network))],
    ]),
    ...[...networks, ...volumes].map((name): [string, boolean] => [name, !/^\w[\w.-]*$/.test(name)]),
    ...stack.builds.map(({ name, context, dockerfile }): [string, boolean] => [
      `the build ${name}`,
      leadsOutside(context) || (dockerfile !== null && leadsOutside(dockerfile)),
    ]),
  ];
  const words = JSON.stringify(stack).match(
    /foreign|\/outside|\.sock|host-gateway|unconfined|privileged|mayfly\.local/gi,
  );
  return [...found.filter(([, isLeak]) => isLeak).map(([what]) => what), ...(words ?? [])];
}

const all = Object.entries(hostileFixtures).flatMap(([path, fixtures]) =>
  fixtures.map((fixture) => [path, fixture] as const),
);

describe("each gets its finding, and none gets through", () => {
  test.each(all)("%s: %j", (path, fixture) => {
    const { findings, stack } = judge(fixture);
    const written = path.replaceAll(".", "\\.").replaceAll("\\.*", "(\\.[^ ]+|\\[\\d+\\])");
    // What is not read has no path in the model: it is named itself.
    const where = new RegExp(`^(${written}[ :]|https:|oci:)`);
    const found = findings.filter(({ code, message }) => code === fixture[0] && where.test(message));
    expect(findings.map(({ code, message }) => `${code} ${message}`)).toContain(
      `${found[0]?.code} ${found[0]?.message}`,
    );
    expect(found[0]).toMatchObject({ file: "compose.yaml", hint: expect.stringMatching(/\S/) });
    expect(stack === null).toBe(found[0]?.action === "refuse");
    expect(stack === null ? [] : leaksOf(stack)).toEqual([]);
  });
});

test("every case of every row of the table has a fixture", () => {
  const without = Object.entries(policyTable).flatMap(([path, row]) => {
    const fixtures = [...(hostileFixtures[path] ?? [])];
    return casesOf(row)
      .filter(({ code }) => {
        const at = fixtures.findIndex((fixture) => fixture[0] === code);
        if (at >= 0) fixtures.splice(at, 1);
        return at === -1;
      })
      .map(({ code }) => `${path} ${code}`);
  });
  expect(without).toEqual([]);
  expect(Object.keys(hostileFixtures).filter((path) => !(path in policyTable))).toEqual([]);
});

/** Paths of all keys that a document has, as the table writes them. */
function keysOf(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== "object" || value === null) return [];
  const isIn = (name: string) => rows.some((row) => row === name || row.startsWith(`${name}.`));
  return Object.entries(value).flatMap(([key, inner]) => {
    const own = [...path, key].join(".");
    const at = !Array.isArray(value) && isIn(own) ? [...path, key] : [...path, "*"];
    return [at.join("."), ...keysOf(inner, at)];
  });
}

const rows = Object.keys(policyTable);

test("whatever is honored without a word leads nowhere, and each such row has its fixture", () => {
  const written = Object.entries(honoredFixture).filter(([file]) => file.endsWith("compose.yaml"));
  const keys = new Set(written.flatMap(([, text]) => keysOf(parse(text))));
  const silent = rows.filter((path) => casesOf(policyTable[path] ?? null).length === 0);
  expect(silent.filter((path) => !keys.has(path))).toEqual([]);
  const { findings, stack } = render({ ...honoredFixture });
  expect(findings.filter(({ action }) => action === "refuse")).toEqual([]);
  expect(leaksOf(stack!)).toEqual([]);
  const { cpus, memoryBytes } = limits;
  for (const service of stack!.services) {
    expect(service.limits.cpus).toBeLessThanOrEqual(cpus);
    expect(service.limits.memoryBytes).toBeLessThanOrEqual(memoryBytes);
    expect(service.limits.pids).toBeGreaterThan(0);
  }
});
