import { expect, test } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import { renderCompose } from "./fixtures.ts";

const files = {
  "app/Dockerfile": "FROM base\nCOPY --from=lib . /lib\n",
  "libs/one/a.txt": "a",
  "base/Dockerfile": "FROM node:24\n",
};
const stack = (text: string) => renderCompose(text, files);
const buildsOf = (text: string) =>
  Object.fromEntries((stack(text).stack?.builds ?? []).map((build) => [build.name, build]));

test("a build's further contexts are directories, images, other services' builds, and the images that services run", () => {
  const builds = buildsOf(`services:
  web:
    ports: [3000]
    build:
      context: app
      additional_contexts: { lib: ./libs/one, runtime: docker-image://node:24, base: service:base, db: service:db }
  base: { build: base }
  same: { build: { context: base } }
  other:
    build: { context: app, additional_contexts: ["lib=libs/one", "base=service:same"] }
  db: { image: postgres:17 }
`);
  expect(builds["web"]?.contexts).toEqual([
    { name: "lib", kind: "path", path: "libs/one" },
    { name: "runtime", kind: "image", reference: "node:24" },
    { name: "base", kind: "build", build: "base" },
    { name: "db", kind: "image", reference: "postgres:17" },
  ]);
  // Two services with the same build are one, under the first one's name.
  expect(builds["other"]?.contexts).toContainEqual({ name: "base", kind: "build", build: "base" });
  expect(builds["base"]).not.toHaveProperty("contexts");
});

test("how a build's steps are run is taken over; what changes nothing in a preview is told", () => {
  const output = stack(`services:
  web:
    ports: [3000]
    build:
      context: app
      network: none
      no_cache: true
      pull: true
      shm_size: 64m
      extra_hosts: ["db.internal:192.0.2.7", "six=2001:db8::7"]
      ulimits: { nofile: 1024, nproc: { soft: 10, hard: 20 }, rtprio: 9 }
      cache_from: [acme/web]
      platforms: [linux/amd64, linux/arm64]
      provenance: true
      sbom: true
`);
  expect(output.stack?.builds[0]?.settings).toEqual({
    offline: true,
    noCache: true,
    pull: true,
    shmSizeBytes: 64 * 1024 ** 2,
    hosts: ["db.internal=192.0.2.7", "six=2001:db8::7"],
    ulimits: [
      { name: "nofile", soft: 1024, hard: 1024 },
      { name: "nproc", soft: 10, hard: 20 },
    ],
  });
  expect(output.findings.map(({ action, code }) => `${action} ${code}`).toSorted()).toEqual([
    "rewrite build-attestation",
    "rewrite build-attestation",
    "rewrite build-cache",
    "rewrite platform",
    "rewrite ulimit-left-out",
  ]);
});

test("an argument that makes each push build anew is told", () => {
  const output = stack(`services:
  web:
    ports: [3000]
    build: { context: app, args: { REVISION: "v-\${MAYFLY_COMMIT}", KIND: preview } }
`);
  expect(output.findings).toEqual([
    expect.objectContaining({
      action: "note",
      code: "build-arg-commit",
      line: 4,
      message: expect.stringContaining("services.web.build.args.REVISION holds the commit"),
    }),
  ]);
  expect(output.stack?.builds[0]?.args["KIND"]).toBe("preview");
});

test("the usual settings of a build are none at all", () => {
  const text = `services:
  web:
    ports: [3000]
    build: { context: app, network: default, no_cache: false, pull: false, privileged: false }
`;
  expect(buildsOf(text)["web"]).not.toHaveProperty("settings");
  expect(stack(text).findings).toEqual([]);
});

test.each([
  ["a service that is not there", "lib: service:nobody", 4, "there is no service nobody in the stack"],
  ["a directory that is not there", "lib: ./libs/two", 4, "there is no directory libs/two"],
  ["itself", "lib: service:web", 4, "builds wait for each other: web → web"],
  ["one that waits for it", "lib: service:other", 5, "builds wait for each other: web → other → web"],
])("a context that is %s is a mistake of the file, told at its place", (_name, context, line, message) => {
  const text = `services:
  web:
    ports: [3000]
    build: { context: app, additional_contexts: { ${context} } }
  other: { build: { context: base, additional_contexts: { a: service:web } } }
`;
  const error = (() => {
    try {
      return stack(text);
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(InputError);
  const { message: said, place: at } = error as InputError;
  expect(said).toContain(message);
  expect(at?.line).toBe(line);
});
