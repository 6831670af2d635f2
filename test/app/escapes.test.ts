import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { renderDirectory } from "../../src/app-offline.ts";
import type { RenderOutput } from "../../src/render/render.ts";

/** Stands outside the repository; whatever of it is seen in an answer has leaked. */
const marker = "marker-of-the-host";

const escape = /^(path-outside|link-outside|file-missing|remote-file|host-path|volume-driver-opts|build-ssh|provider)$/;

let folder = "";
let root = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-escapes-"));
  root = join(folder, "repository");
  put("../outside.env", `LEAK=${marker}\n`);
  put("../outside.yaml", `services: { web: { image: ${marker} } }\n`);
  put("Dockerfile", "FROM node:24\n");
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function service(line: string, rest = ""): string {
  return `services:\n  web:\n    image: node:24\n    ports: [ 3000 ]\n    ${line}\n${rest}\n`;
}

/** What is made of it: the error's code, or the codes of what is refused. */
function outcome(): { codes: string[]; said: string; output: RenderOutput | null } {
  try {
    const output = renderDirectory(root);
    const codes = output.findings.filter(({ action }) => action === "refuse").map(({ code }) => code);
    return { codes, said: JSON.stringify(output), output };
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint: string };
    return { codes: [code], said: `${message} ${hint}`, output: null };
  }
}

const links: [what: string, link: string, to: string, compose: string][] = [
  ["an env_file", "web.env", "../outside.env", service("env_file: web.env")],
  ["a .env", ".env", "../outside.env", service("environment: { A: $LEAK }")],
  ["a label_file", "labels", "../outside.env", service("label_file: labels")],
  ["an include", "more.yaml", "../outside.yaml", service("tty: true", "include: [ more.yaml ]")],
  ["an extends", "more.yaml", "../outside.yaml", service("extends: { file: more.yaml, service: web }")],
  ["a Dockerfile", "Other", "../outside.env", service("build: { context: ., dockerfile: Other }")],
  ["a build context", "context", "..", service("build: context")],
  ["a folder above an env_file", "link", "..", service("env_file: link/outside.env")],
  ["a bind mount", "data", "..", service("volumes: [ ./data:/x ]")],
  ["a secret's file", "secret", "../outside.env", service("secrets: [ s ]", "secrets: { s: { file: ./secret } }")],
  ["a config's file", "config", "/etc/passwd", service("configs: [ c ]", "configs: { c: { file: ./config } }")],
];

test.each(links)("%s through a symbolic link is refused, and nothing of it is read", (_, link, to, compose) => {
  symlinkSync(to, join(root, link));
  put("compose.yaml", compose);
  const { codes, said } = outcome();
  expect(codes).toEqual([expect.stringMatching(escape)]);
  expect(said).not.toContain(marker);
  expect(said).not.toContain("root:x:0");
});

const database = `services:
  web: { image: "node:24", ports: [ 3000 ] }
  db: { image: "postgres:17", environment: { POSTGRES_PASSWORD: x }, volumes: [ "pgdata:/var/lib/postgresql/data" ] }
volumes: { pgdata: }
`;

test.each([
  ["a file that is a link", "seed.sql", "../outside.sql"],
  ["a file behind a linked folder", "link/outside.sql", ".."],
  ["a pattern in a linked folder", "link/*.sql", ".."],
  ["a folder that is a link", "uploads/", "/etc"],
  ["a file above", "../outside.sql", null],
  ["an absolute file", "/etc/passwd.sql", null],
])("a seed from outside is refused, and nothing of it is read: %s", (_, path, to) => {
  put("../outside.sql", `SELECT '${marker}';\n`);
  put("compose.yaml", database);
  put(".mayfly.yaml", `data: { db: { seed: [ ${JSON.stringify(path)} ] } }\n`);
  if (to !== null) symlinkSync(to, join(root, path.split("/")[0] ?? ""));
  const { codes, said } = outcome();
  expect(codes).toEqual([expect.stringMatching(/^path-outside$|^file-missing$|^invalid-value$/)]);
  expect(said).not.toContain(marker);
});

test.each([
  ["an absolute env_file", service("env_file: /proc/self/environ")],
  ["an env_file above", service("env_file: ../outside.env")],
  ["a device as env_file", service("env_file: /dev/zero")],
  ["a label_file above", service("label_file: ../outside.env")],
  ["an include above", service("tty: true", "include: [ ../outside.yaml ]")],
  ["an absolute include", service("tty: true", "include: [ /etc/passwd ]")],
  ["an include over git", service("tty: true", "include: [ 'https://foreign.example/x.git' ]")],
  ["an include over git and ssh", service("tty: true", "include: [ 'git@foreign.example:x.git' ]")],
  ["an include from a registry", service("tty: true", "include: [ 'oci://foreign.example/x' ]")],
  ["an env file of an include", service("tty: true", "include: [ { path: more.yaml, env_file: ../outside.env } ]")],
  ["a project directory above", service("tty: true", "include: [ { path: more.yaml, project_directory: .. } ]")],
  ["an extends above", service("extends: { file: ../outside.yaml, service: web }")],
  ["a secret's file", service("secrets: [ s ]", "secrets: { s: { file: /etc/shadow } }")],
  ["a config's file", service("configs: [ c ]", "configs: { c: { file: ../outside.env } }")],
  [
    "a volume that is a bind",
    service("volumes: [ 'data:/x' ]", "volumes: { data: { driver_opts: { o: bind, device: / } } }"),
  ],
  ["the host's root as context", service("build: /")],
  ["another context of the host", service("build: { context: ., additional_contexts: { a: /root } }")],
  ["the host's keys in a build", service("build: { context: ., ssh: [ default ] }")],
  ["a program of the host", service("provider: { type: sh }")],
])("%s is refused", (_, compose) => {
  put("compose.yaml", compose);
  put("more.yaml", "services: { more: { image: node:24, env_file: outside.env } }\n");
  const { codes, said } = outcome();
  expect(codes).toEqual([expect.stringMatching(escape)]);
  expect(said).not.toContain(marker);
});

test("a pipe is no env file, and nobody waits for what comes out of it", () => {
  execFileSync("mkfifo", [join(root, "web.env")]);
  put("compose.yaml", service("env_file: web.env"));
  expect(outcome().codes).not.toEqual([]);
});

test("neither the server's environment nor a .env chooses what is read", () => {
  put(
    ".env",
    `COMPOSE_FILE=../outside.yaml\nCOMPOSE_PROJECT_NAME=other\nDOCKER_HOST=tcp://10.0.0.1\nCOMPOSE_EXPERIMENTAL_GIT_REMOTE=1\n`,
  );
  put("compose.yaml", service("environment: [ PATH, HOME ]", "name: other\nx-home: $HOME"));
  const { codes, said, output } = outcome();
  expect([codes, said.includes(marker)]).toEqual([[], false]);
  expect(output?.stack?.services[0]?.environment).toEqual({});
  expect(output?.stack?.project).toBe("preview-pr-0");
  expect(said).not.toContain(process.env["HOME"]!);
});

test("volumes and networks of others are not reached by their names", () => {
  const names =
    "volumes: { data: { name: other_pgdata, external: true } }\nnetworks: { net: { name: other_default, external: true } }";
  put("compose.yaml", service("volumes: [ 'data:/x' ]\n    networks: [ net ]", names));
  const { codes, output } = outcome();
  expect(codes).toEqual([]);
  expect(JSON.stringify(output?.stack)).not.toContain("other");
});
