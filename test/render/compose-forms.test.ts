import { describe, expect, test } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import { readModel, render, renderCompose } from "./fixtures.ts";

const filesOf = (line: string) => ({
  "compose.yaml": `services:\n  web:\n    image: node:24\n    ${line}\nvolumes: { data: , other: }\nnetworks: { net: }\n`,
  ".mayfly.yaml": "routes: { web: 80 }",
  "a.env": "A=1\n",
  "app/Dockerfile": "FROM node:24\n",
});

function model(line: string): unknown {
  const { services } = readModel(filesOf(line)) as { services: { web: Record<string, unknown> } };
  const { image: _image, ...rest } = services.web;
  return rest;
}

const port = (target: number, more = {}) => ({ mode: "ingress", target, protocol: "tcp", ...more });

// The values are those of `docker compose config` 2.26.1, apart from paths (relative to the repository here).
describe("short forms are written out", () => {
  test.each([
    ['ports: ["3000"]', { ports: [port(3000)] }],
    ["ports: [3000, 8080:80]", { ports: [port(3000), port(80, { published: "8080" })] }],
    [
      'ports: ["127.0.0.1:9000-9001:9000-9001/udp"]',
      {
        ports: [9000, 9001].map((each) =>
          port(each, { host_ip: "127.0.0.1", published: String(each), protocol: "udp" }),
        ),
      },
    ],
    ['ports: ["[::1]:80:80"]', { ports: [port(80, { host_ip: "::1", published: "80" })] }],
    ['ports: ["7000-7001:80"]', { ports: [port(80, { published: "7000-7001" })] }],
    ['ports: [{ target: "80", published: 8080 }]', { ports: [port(80, { published: "8080" })] }],
    ['ports: ["80:80", "80:80"]', { ports: [port(80, { published: "80" })] }],
    [
      "volumes: [data:/d:ro]",
      { volumes: [{ type: "volume", source: "data", target: "/d", read_only: true, volume: {} }] },
    ],
    ["volumes: [data:/d/]", { volumes: [{ type: "volume", source: "data", target: "/d", volume: {} }] }],
    ["volumes: [/anon]", { volumes: [{ type: "volume", target: "/anon", volume: {} }] }],
    ["volumes: [data:/d, other:/d]", { volumes: [{ type: "volume", source: "other", target: "/d", volume: {} }] }],
    [
      "volumes: [{ type: tmpfs, target: /t, tmpfs: { size: 10k } }]",
      { volumes: [{ type: "tmpfs", target: "/t", tmpfs: { size: "10240" } }] },
    ],
    ["volumes: [./x:/y]", { volumes: [{ type: "bind", source: "x", target: "/y", bind: { create_host_path: true } }] }],
    ["tmpfs: /run", { tmpfs: ["/run"] }],
    ["command: echo 'a b'", { command: ["echo", "a b"] }],
    ['command: ""', { command: [] }],
    ['entrypoint: [a, "1"]', { entrypoint: ["a", "1"] }],
    ["environment: [A=1, B=x=y, C=]", { environment: { A: "1", B: "x=y", C: "" } }],
    [
      "environment: { A: 0777, B: 1.10, C: true, D: yes, E: }",
      { environment: { A: "511", B: "1.1", C: "true", D: "yes", E: null } },
    ],
    ["labels: [a=b, c]", { labels: { a: "b", c: "" } }],
    ["depends_on: []", { depends_on: {} }],
    ["networks: [net]", { networks: { net: null } }],
    ["build: app", { build: { context: "app", dockerfile: "Dockerfile" } }],
    [
      "build: { context: ./app/, args: [A=1, B] }",
      { build: { context: "app", args: { A: "1" }, dockerfile: "Dockerfile" } },
    ],
    ["env_file: a.env", { env_file: [{ path: "a.env" }], environment: { A: "1" } }],
    ["env_file: [{ path: none.env, required: false }]", { env_file: [{ path: "none.env", required: false }] }],
    [
      "healthcheck: { test: curl x, interval: 90s, start_interval: 500ms }",
      { healthcheck: { test: ["CMD-SHELL", "curl x"], interval: "1m30s", start_interval: "500ms" } },
    ],
    ["stop_grace_period: 1m", { stop_grace_period: "1m0s" }],
    ["shm_size: 64m", { shm_size: "67108864" }],
    [
      "deploy: { resources: { limits: { cpus: '0.5', memory: 512M, pids: '5' } } }",
      { deploy: { resources: { limits: { cpus: 0.5, memory: "536870912", pids: 5 } } } },
    ],
    ['tty: "yes"', { tty: true }],
    ["expose: [3000, 5000-5002]", { expose: ["3000", "5000-5002"] }],
  ])("%s", (line, expected) => {
    expect(model(line)).toEqual(expected);
  });

  test.each([
    ["ports: [a]", "4:13", 'services.web.ports[0] is no port: "a"'],
    ['ports: ["1-65535"]', "4:13", 'services.web.ports[0]: "1-65535" has more than 1000 ports'],
    ["ports: 80", "4:12", "services.web.ports must be a list"],
    ["volumes: [data:/b:ro:d]", "4:15", 'services.web.volumes[0] is no mount: "data:/b:ro:d"'],
    ["volumes: [nope:/d]", "4:15", "services.web mounts the volume nope, which is not declared"],
    ["volumes: [{ target: /d }]", "4:15", "services.web.volumes[0].type is missing"],
    ["networks: [nope]", "4:16", "services.web joins the network nope, which is not declared"],
    ["depends_on: [nope]", "4:18", "services.web depends on nope, which does not exist"],
    ["depends_on: { web: { condition: soon } }", "4:37", "must be service_started, service_healthy or"],
    ["environment: { A: { b: 1 } }", "4:23", "services.web.environment.A must be a text"],
    ["environment: A=1", "4:18", "services.web.environment must be a map or a list"],
    ['command: "a \'b"', "4:14", "services.web.command is no command line"],
    ["tty: perhaps", "4:10", "services.web.tty must be true or false"],
    ["cpus: many", "4:11", "services.web.cpus must be a number"],
    ["mem_limit: lots", "4:16", "services.web.mem_limit must be a size such as 512m"],
    ['stop_grace_period: "10"', "4:24", "services.web.stop_grace_period must be a duration such as 10s"],
    ["env_file: none.env", "4:15", "there is no env file none.env"],
    ["build: nowhere", "4:12", "services.web.build: there is no directory nowhere"],
    ["build: { context: app, dockerfile: Other }", "4:12", "services.web.build: there is no Dockerfile app/Other"],
    [
      "healthcheck: { test: [curl, x] }",
      "4:26",
      "services.web.healthcheck.test must begin with CMD, CMD-SHELL or NONE",
    ],
  ])("%s is an error at its place", (line, place, message) => {
    let error: unknown;
    try {
      render(filesOf(line));
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof InputError)) throw new Error(`it did not fail: ${String(error)}`);
    expect(`${error.place?.line}:${error.place?.column}`).toBe(place);
    expect(error.message).toContain(message);
  });
});

describe("several files", () => {
  test("merge as Compose merges them", () => {
    const files = {
      ".mayfly.yaml": "compose: [a.yaml, b.yaml]\nroutes: { web: 80 }",
      "a.yaml": `services:
  web:
    image: x
    command: a b
    environment: [A=1, B=2]
    ports: ["8080:80", "9000"]
    expose: [1]
    volumes: ["dd:/d", "cc:/c"]
    tmpfs: /a
    env_file: a.env
    depends_on: [db]
    networks: [n1, n2]
    labels: { l: a }
    cap_drop: [A]
    healthcheck: { test: [CMD, x], interval: 1s }
    build: ./one
  db: { image: d }
volumes: { dd: , cc: }
networks: { n1: , n2: }
`,
      "b.yaml": `services:
  web:
    command: [c]
    environment: { B: 3, C: }
    ports: ["8081:80", "9000"]
    expose: ["1", "2"]
    volumes: ["ee:/d:ro"]
    tmpfs: [/b]
    env_file: [b.env]
    depends_on: { db: { condition: service_healthy } }
    networks: { n2: { aliases: [z] } }
    labels: [m=b]
    cap_drop: [A, B]
    healthcheck: { test: y }
    build: { dockerfile: D, args: { X: 1 } }
volumes: { ee: }
`,
      "a.env": "A=file\nF=a\n",
      "b.env": "F=b\n",
      "one/D": "FROM node\n",
    };
    const { web } = (readModel(files) as { services: { web: unknown } }).services;
    expect(web).toEqual({
      image: "x",
      command: ["c"],
      environment: { A: "1", B: "3", C: null, F: "b" },
      ports: [port(80, { published: "8080" }), port(9000), port(80, { published: "8081" })],
      expose: ["1", "2"],
      volumes: [
        { type: "volume", source: "ee", target: "/d", read_only: true, volume: {} },
        { type: "volume", source: "cc", target: "/c", volume: {} },
      ],
      tmpfs: ["/a", "/b"],
      env_file: [{ path: "a.env" }, { path: "b.env" }],
      depends_on: { db: { condition: "service_healthy", required: true } },
      networks: { n1: null, n2: { aliases: ["z"] } },
      labels: { l: "a", m: "b" },
      cap_drop: ["A", "B"],
      healthcheck: { test: ["CMD-SHELL", "y"], interval: "1s" },
      build: { context: "one", dockerfile: "D", args: { X: "1" } },
    });
  });

  test("take their relative paths from the first file's directory", () => {
    const output = render({
      ".mayfly.yaml": "compose: deploy/compose.yaml",
      "deploy/compose.yaml": "services: { web: { build: .., env_file: web.env, ports: [$PORT] } }",
      "deploy/.env": "PORT=4000\n",
      ".env": "PORT=5000\n",
      "deploy/web.env": "A=1\n",
      Dockerfile: "FROM node\n",
    });
    expect(output.stack?.builds[0]).toMatchObject({ context: ".", dockerfile: "Dockerfile" });
    expect(output.stack?.services[0]).toMatchObject({ environment: { A: "1" }, ports: [4000] });
  });
});

test("where every service has profiles, they are named with how to start them", () => {
  const text = "services:\n  web: { image: x, profiles: [web] }\n  db: { image: y, profiles: [db] }\n";
  expect(() => renderCompose(text)).toThrow(
    expect.objectContaining({
      message: "the stack has no services: all of them have profiles, of which none is on",
      hint: 'Name profiles of web and db, or start all: `variables: { COMPOSE_PROFILES: "*" }` in .mayfly.yaml.',
    }),
  );
});

test("services with profiles are not started, and only optional dependencies on them hold", () => {
  const text = (required: boolean) =>
    `services:\n  web: { image: x, ports: [80], depends_on: { t: { condition: service_started, required: ${required} } } }\n  t: { image: x, profiles: [x] }\n`;
  expect(renderCompose(text(false)).stack?.services).toMatchObject([{ name: "web", dependsOn: [] }]);
  expect(() => renderCompose(text(true))).toThrow("depends on t, which is not started because of its profiles");
});
