import { describe, expect, test } from "vitest";
import type { CheckSpec } from "../../src/domain/check.ts";
import { InputError } from "../../src/domain/errors.ts";
import { render } from "./fixtures.ts";

const compose = `services:
  web:
    image: acme/web
    ports: ["3000:3000"]
    environment: { MODE: preview }
    volumes: [ "uploads:/uploads" ]
    depends_on: [ db ]
  db:
    image: postgres:17
    volumes: [ "pgdata:/var/lib/postgresql/data" ]
volumes: { uploads: , pgdata: }
`;
const files = (checks: string) => ({
  "compose.yaml": compose,
  ".mayfly.yaml": `data: { web: {} }\nchecks: ${checks}\n`,
  "e2e/run.sh": "exit 0",
});
const stackOf = (checks: string) => {
  const { stack } = render(files(checks));
  if (stack === null) throw new Error("refused");
  return stack;
};
const first = (checks: string): CheckSpec => stackOf(checks).checks![0]!;

function failure(work: () => unknown): InputError {
  try {
    work();
  } catch (error) {
    if (error instanceof InputError) return error;
  }
  throw new Error("it did not fail");
}

describe("a check", () => {
  test("of a service has all of it but its data, ends by itself, and knows the candidate's own address", () => {
    const check = first("[{ name: smoke, service: web, command: npm run smoke && true }]");
    expect(check).toMatchObject({ name: "smoke", required: true, timeoutMs: 300_000 });
    expect(check.runner).toMatchObject({
      name: "check.smoke",
      image: { kind: "pull", reference: "acme/web" },
      entrypoint: ["/bin/sh", "-c"],
      command: ["npm run smoke && true"],
      environment: {
        MODE: "preview",
        MAYFLY_URL: "http://web:3000",
        MAYFLY_URL_WEB: "http://web:3000",
        MAYFLY_HOST: "shop-pr-42.preview.example.com",
        MAYFLY_CHECK: "smoke",
      },
      job: true,
      kept: false,
      restart: "no",
      ports: [],
      dependsOn: [],
      mounts: [],
    });
  });

  test("of an image starts in a copy of the repository's files, with its own entrypoint and the main service's limits", () => {
    const stack = stackOf(
      "[{ name: load, image: grafana/k6, files: e2e/run.sh, command: [run, run.sh], required: false, timeout: 1m }]",
    );
    const check = stack.checks![0]!;
    expect(check).toMatchObject({ required: false, timeoutMs: 60_000 });
    expect(check.runner).toMatchObject({
      image: { kind: "pull", reference: "grafana/k6" },
      entrypoint: null,
      command: ["run", "run.sh"],
      workingDir: "/check",
      secrets: [],
      limits: stack.services.find(({ name }) => name === "web")!.limits,
      networks: [{ network: "default", aliases: [] }],
      mounts: [{ kind: "files", path: "checks/load", target: "/check", readOnly: false }],
    });
    expect(stack.files).toMatchObject([
      { path: "checks/load/run.sh", from: { kind: "repository", path: "e2e/run.sh" } },
    ]);
  });

  test.each<[string, string, string]>([
    ["[{ name: a, command: x }]", "2:10", "needs a service or an image"],
    ["[{ name: a, service: web, image: x, command: x }]", "2:10", "needs a service or an image"],
    ["[{ name: a, service: wep, command: x }]", "2:30", 'names the service "wep"'],
    ["[{ name: a, service: web }]", "2:10", "needs a command"],
    ["[{ name: a, service: web, command: x, timeout: 16m }]", "2:56", "at most 15m"],
    [
      "[{ name: a, service: web, command: x }, { name: a, service: web, command: y }]",
      "2:57",
      "two checks are called a",
    ],
    ["[{ name: a, image: x, files: ../up }]", "2:38", "leads outside the repository"],
    ["[{ name: a, image: x, files: none }]", "2:38", "there is no none for the check a"],
  ])("%s is told with its place", (checks, at, message) => {
    const error = failure(() => render(files(checks)));
    expect(`${error.place?.line}:${error.place?.column}`).toBe(at);
    expect(error.message).toContain(message);
  });

  test("may name no image that a service may not", () => {
    const { stack, findings } = render(files(`[{ name: a, image: "${"a".repeat(64)}" }]`));
    expect(stack).toBeNull();
    expect(findings).toContainEqual(
      expect.objectContaining({ action: "refuse", code: "image-id", line: 2, column: 28 }),
    );
  });
});
