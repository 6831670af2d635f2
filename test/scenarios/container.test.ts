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

let scenario: Scenario;
beforeAll(async () => {
  await call(docker, ["build", "--quiet", "--tag", name, resolve(import.meta.dirname, "../..")]);
  scenario = await startScenario({
    files: miniShop(),
    program({ folder, port, environment }) {
      for (const each of [folder, join(folder, "server.yaml")]) chownSync(each, uid, uid);
      const options = ["--rm", "--init", "--name", name, "--network", "host", "--read-only", "--tmpfs", "/tmp"];
      const rights = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
      const socketGroup = ["--group-add", String(statSync(socket).gid), "--volume", `${socket}:${socket}`];
      const state = ["--volume", `${folder}:${folder}`, "--workdir", folder];
      const names = [...Object.keys(environment), `MAYFLY_SERVER=http://127.0.0.1:${port}`];
      const secrets = names.flatMap((each) => ["--env", each]);
      return [docker, "run", ...options, ...rights, ...socketGroup, ...state, ...secrets, name];
    },
  });
}, 400_000);
afterAll(async () => {
  await endScenario(scenario);
  await call(docker, ["image", "rm", name]);
});

test("the image serves a preview: built, routed and removed by a Mayfly that is not root, on the host's network", async () => {
  tellOnFailure(scenario);
  const number = await scenario.open({ branch: "contained", files: miniShop({ page: "from a container" }) });
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

  await scenario.mayfly.api(`/api/previews/${slug}/destroy`, { method: "POST" });
  await scenario.seen(slug, ({ phase }) => phase === "gone");
  expect(await scenario.objects(view.key)).toEqual([]);
});

test("the Compose files that run it are valid, with the edge and without", async () => {
  const folder = resolve(import.meta.dirname, "../../compose");
  const words = ["PREVIEW_DOMAIN", "MAYFLY_HOST", "ACME_EMAIL", "DNS_TOKEN"].map((key) => [key, "x"] as const);
  const env = { ...process.env, DOCKER_GID: "105", ...Object.fromEntries(words) };
  const services = async (...files: string[]) => {
    const chosen = files.flatMap((file) => ["--file", join(folder, file)]);
    const { stdout } = await call(docker, ["compose", ...chosen, "config", "--services"], { env });
    return stdout.trim().split("\n").sort();
  };
  expect(await services("compose.yaml")).toEqual(["mayfly"]);
  expect(await services("compose.yaml", "tls.yaml")).toEqual(["caddy", "mayfly"]);
});
