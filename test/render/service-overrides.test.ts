import { describe, expect, test } from "vitest";
import type { InputError } from "../../src/domain/errors.ts";
import { renderCompose } from "./fixtures.ts";

const stack = `services:
  proxy:
    image: traefik:3
    environment: { EMAIL: "\${ACME_EMAIL:?}", HOST: $PROXY_HOST }
    env_file: proxy.env
    privileged: true
    volumes: [ "/var/run/docker.sock:/var/run/docker.sock", "acme:/acme" ]
    ports: [ "80:80" ]
  web:
    image: node:24
    depends_on: { proxy: { condition: service_healthy }, db: { condition: service_started } }
    environment: { APP_URL: http://localhost:3000, KEEP: "1" }
    ports: [ "3000:3000" ]
  db: { image: postgres:17 }
volumes: { acme: { external: true } }
`;

const withoutMail = stack.replace("${ACME_EMAIL:?}", "");

const render = (manifest: string, text = stack) => renderCompose(text, { ".mayfly.yaml": manifest });

function refusal(manifest: string, text = stack): Partial<InputError> {
  try {
    render(manifest, text);
  } catch (error) {
    return error as InputError;
  }
  throw new Error("it was not refused");
}

describe("drop", () => {
  test("leaves a service out, with its findings, its route, and all that others say of it", () => {
    const output = render("services: { proxy: drop }\nroutes: { proxy: 80, web: 3000 }\n", stack);
    expect(output.findings.map(({ code }) => code)).toEqual(["port-published", "own-address"]);
    expect(
      output.stack?.services.map(({ name, dependsOn }) => [name, dependsOn.map(({ service }) => service)]),
    ).toEqual([
      ["web", ["db"]],
      ["db", []],
    ]);
    expect(output.stack?.routes.map(({ service, main }) => [service, main])).toEqual([["web", true]]);
    expect(output.stack?.volumes).toEqual([]);
  });

  test("is what a refused service's finding says, by its name", () => {
    const { findings } = renderCompose(stack.replace("${ACME_EMAIL:?}", "").replace("    env_file: proxy.env\n", ""));
    const refused = findings.filter(({ action, hint }) => action === "refuse" && hint.includes("services:"));
    expect(refused.map(({ code }) => code)).toEqual(expect.arrayContaining(["privileged", "docker-socket"]));
    for (const { hint } of refused) expect(hint).toContain("`services: { proxy: drop }`");
  });
});

describe("what is written of a service", () => {
  test("is merged as the last Compose file, with the preview's variables", () => {
    const output = render(
      'services:\n  proxy: drop\n  web:\n    environment: { APP_URL: "${MAYFLY_URL}" }\n  db: { image: "postgres:18" }\n',
      stack,
    );
    const [web, db] = output.stack?.services ?? [];
    expect(web?.environment).toEqual({ APP_URL: "https://shop-pr-42.preview.example.com", KEEP: "1" });
    expect(db?.image).toMatchObject({ reference: "postgres:18", place: { file: ".mayfly.yaml", line: 5 } });
  });

  test("takes back what the files say, as !reset and !override do", () => {
    const { findings, stack } = render(
      "services:\n  proxy:\n    privileged: !reset null\n    env_file: !reset null\n    volumes: !override [ acme:/acme ]\n    environment: !override { A: b }\n",
      withoutMail,
    );
    expect(findings.filter(({ action }) => action === "refuse")).toEqual([]);
    expect(stack?.services[0]).toMatchObject({ name: "proxy", environment: { A: "b" } });
    expect(refusal("routes: !reset { web: 3000 }\n")).toMatchObject({
      code: "not-supported",
      place: { line: 1, column: 16 },
    });
  });

  test("is judged as the rest, at its own line", () => {
    const output = render("services:\n  proxy: drop\n  web:\n    privileged: true\n");
    expect(output.findings).toContainEqual(
      expect.objectContaining({ action: "refuse", code: "privileged", file: ".mayfly.yaml", line: 4, column: 5 }),
    );
    expect(output.stack).toBeNull();
  });

  test.each([
    ["services: { proxi: drop }", "1:13", 'services names the service "proxi", which the stack does not have', "proxy"],
    ["services: { api: { image: x } }", "1:13", 'services names the service "api"', "There are: proxy, web, db."],
    ["services: { proxy: drop, web: { tty: maybe } }", "1:38", "services.web.tty must be true or false", ""],
    ["services: { web: dropped }", "1:18", "services.web must be drop", ""],
    ["services: [ web ]", "1:11", "services must be a map", ""],
  ])("%s is refused where it stands", (manifest, at, message, hint) => {
    const error = refusal(manifest);
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
    expect(`${error.place?.file} ${error.place?.line}:${error.place?.column}`).toBe(`.mayfly.yaml ${at}`);
  });
});
