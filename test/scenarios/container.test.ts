import { execFile } from "node:child_process";
import { chownSync, existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const call = promisify(execFile);
// The client that scripts/engine.sh prefers as well.
const docker = existsSync("/usr/bin/docker") ? "/usr/bin/docker" : "docker";
const name = `mayfly-in-a-container-${process.pid}`;
const socket = "/var/run/docker.sock";
/** The user of the image. */
const uid = 1000;

const folder = resolve(import.meta.dirname, "../../compose");
const compose = (...words: string[]) => {
  const env = { ...process.env, DOCKER_GID: "105", MAYFLY_IMAGE: name };
  return call(docker, ["compose", "--project-name", name, "--file", join(folder, "compose.yaml"), ...words], { env });
};

let scenario: Scenario;
beforeAll(async () => {
  await call(docker, ["build", "--quiet", "--tag", name, resolve(import.meta.dirname, "../..")]);
  await compose("up", "--detach", "--no-build", "--no-deps", "limits");
  scenario = await startScenario({
    files: miniShop(),
    program({ folder, port, environment }) {
      for (const each of [folder, join(folder, "server.yaml")]) chownSync(each, uid, uid);
      const options = ["--rm", "--init", "--name", name, "--network", "host", "--read-only", "--tmpfs", "/tmp"];
      const rights = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
      const socketGroup = ["--group-add", String(statSync(socket).gid), "--volume", `${socket}:${socket}`];
      const groups = ["--cgroupns", "host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup"];
      const state = ["--volume", `${folder}:${folder}`, "--workdir", folder];
      const names = [...Object.keys(environment), `MAYFLY_SERVER=http://127.0.0.1:${port}`];
      const secrets = names.flatMap((each) => ["--env", each]);
      return [docker, "run", ...options, ...rights, ...groups, ...socketGroup, ...state, ...secrets, name];
    },
  });
}, 400_000);
afterAll(async () => {
  await endScenario(scenario);
  await compose("down", "--volumes");
  await call(docker, ["image", "rm", name]);
});

test("the image serves a preview: built, routed and removed by a Mayfly that is not root, on the host's network", async () => {
  tellOnFailure(scenario);
  // Bound: Mayfly's own paths mean nothing to the engine.
  const { "compose.yaml": compose = "", ...shop } = miniShop({ files: { "web/bound.txt": "from a container" } });
  const files = { ...shop, "compose.yaml": `${compose}    volumes: [./web/bound.txt:/app/page.txt:ro]\n` };
  const number = await scenario.open({ branch: "contained", files });
  const slug = `shop-pr-${number}`;
  const view = await scenario.seen(slug, ({ phase }) => phase === "ready");
  expect((await scenario.mayfly.visit(view.url)).body).toContain("from a container at");
  await eventually(async () => expect(await scenario.comment(number)).toContain("is ready"));

  const { Config, State } = await scenario.docker.getContainer(name).inspect();
  expect(Config.User).toBe("node");
  expect(State.Running).toBe(true);
  await eventually(
    async () => (await scenario.docker.getContainer(name).inspect()).State.Health?.Status === "healthy",
    { timeoutMs: 30_000, everyMs: 500 },
  );

  const { stdout } = await call(docker, ["exec", name, "mayfly", "ls"]);
  expect(stdout).toContain(slug);

  // What the service `limits` of compose.yaml prepared; exit code 1 says that something else is not as it should be.
  const doctor = await call(docker, ["exec", name, "mayfly", "doctor", "--json"]).catch((error: unknown) => error);
  const { checks } = JSON.parse((doctor as { stdout: string }).stdout) as { checks: object[] };
  expect(checks).toContainEqual(expect.objectContaining({ name: "builds", status: "ok" }));

  await scenario.mayfly.api(`/api/previews/${slug}/destroy`, { method: "POST" });
  await scenario.seen(slug, ({ phase }) => phase === "gone");
  expect(await scenario.objects(view.key)).toEqual([]);
});

test("the Compose files that run it are valid, with the edge and without", async () => {
  const words = ["PREVIEW_DOMAIN", "MAYFLY_HOST", "ACME_EMAIL", "DNS_TOKEN"].map((key) => [key, "x"] as const);
  const services = async (...files: string[]) => {
    const chosen = files.flatMap((file) => ["--file", join(folder, file)]);
    const env = { ...process.env, DOCKER_GID: "105", ...Object.fromEntries(words) };
    const { stdout } = await call(docker, ["compose", ...chosen, "config", "--services"], { env });
    return stdout.trim().split("\n").sort();
  };
  expect(await services("compose.yaml")).toEqual(["limits", "mayfly"]);
  expect(await services("compose.yaml", "tls.yaml")).toEqual(["caddy", "limits", "mayfly"]);
});
