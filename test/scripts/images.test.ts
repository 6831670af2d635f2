import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { buildImage, createContainer, createVolume, docker, leftovers, removeAll, runOnce } from "./docker-cli.ts";

// What Compose files rely on, whichever it is: the official image or our stand-in.
const postgres = "postgres:17";
const node = "node:24";

afterEach(removeAll);
afterAll(async () => {
  assert.deepEqual(await leftovers(), []);
});

const eventually = <T>(check: () => Promise<T>) => vi.waitFor(check, { timeout: 30_000, interval: 100 });
const overSocket = (id: string, query: string) =>
  docker("exec", id, "psql", "-U", "shop", "-d", "shopdb", "-Atc", query);
const answersTcp = (id: string) => docker("exec", id, "pg_isready", "-h", "127.0.0.1");
const account = ["-e", "POSTGRES_USER=shop", "-e", "POSTGRES_DB=shopdb", "-e", "POSTGRES_PASSWORD=open sesame"];

/** A Postgres on `volume` whose init scripts are `files`, started. */
async function start(volume: string, files: Record<string, string>, ...flags: string[]): Promise<string> {
  const id = await createContainer("-v", `${volume}:/var/lib/postgresql/data`, ...account, postgres, ...flags);
  const folder = mkdtempSync(join(tmpdir(), "mayfly-initdb-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o644 });
  await docker("cp", `${folder}/.`, `${id}:/docker-entrypoint-initdb.d/`);
  rmSync(folder, { recursive: true });
  await docker("start", id);
  return id;
}

describe("postgres:17", () => {
  test("fills a fresh volume in the order of its init scripts, and answers the network only after them", async () => {
    const id = await start(await createVolume(), {
      "1-table.sql": "create table guests (name text); insert into guests values ('from sql');",
      "2-wait.sh": "touch /tmp/waiting; until [ -e /tmp/go ]; do sleep 0.1; done\n",
      "3-last.sql": "insert into guests values ('last');",
    });
    await eventually(() => docker("exec", id, "test", "-e", "/tmp/waiting"));
    expect(await overSocket(id, "select name from guests")).toBe("from sql");
    await expect(answersTcp(id)).rejects.toMatchObject({ stdout: "127.0.0.1:5432 - no response\n" });
    await docker("exec", id, "touch", "/tmp/go");
    await eventually(() => answersTcp(id));
    expect(await overSocket(id, "select name from guests order by 1")).toBe("from sql\nlast");
  });

  test("keeps its rows over a restart and in a new container, and runs the init scripts once", async () => {
    const volume = await createVolume();
    const files = { "rows.sql": "create table guests (name text); insert into guests values ('seeded');" };
    const first = await start(volume, files);
    await eventually(() => answersTcp(first));
    await overSocket(first, "insert into guests values ('written')");
    await docker("restart", first);
    await eventually(() => answersTcp(first));
    expect(await overSocket(first, "select name from guests")).toBe("seeded\nwritten");
    await docker("rm", "--force", first);

    const second = await start(volume, files);
    await eventually(() => answersTcp(second));
    expect(await overSocket(second, "select name from guests")).toBe("seeded\nwritten");
  });

  test("lets the network in with the right password alone", async () => {
    const id = await start(await createVolume(), {});
    await eventually(() => answersTcp(id));
    const login = (password: string) =>
      runOnce(
        "--network",
        `container:${id}`,
        "-e",
        `PGPASSWORD=${password}`,
        postgres,
        "sh",
        "-c",
        `psql -h "$(hostname -i)" -U shop -d shopdb -Atc "select 'hello'"`,
      );
    expect(await login("open sesame")).toBe("hello");
    await expect(login("wrong")).rejects.toThrow("password authentication failed");
  });

  test("passes flags on, runs as uid 999, and sorts text as en_US does", async () => {
    const id = await start(await createVolume(), {}, "-c", "max_connections=37");
    await eventually(() => answersTcp(id));
    expect(await overSocket(id, "show max_connections")).toBe("37");
    expect(await docker("exec", id, "sh", "-c", "stat -c %u /proc/1 $PGDATA")).toBe("999\n999");
    expect(await overSocket(id, "select x from (values ('b'), ('A'), ('a'), ('B')) as t(x) order by x")).toBe(
      "a\nA\nb\nB",
    );
  });

  test("reads its password from a file", async () => {
    const printed = await runOnce("-e", "POSTGRES_PASSWORD_FILE=/etc/hostname", postgres, "postgres", "--version");
    expect(printed).toMatch(/^postgres \(PostgreSQL\) 17\./);
    const id = await createContainer("-e", "POSTGRES_PASSWORD_FILE=/etc/hostname", postgres);
    await docker("start", id);
    await eventually(() => answersTcp(id));
    const login = docker(
      "exec",
      id,
      "sh",
      "-c",
      `PGPASSWORD=$(cat /etc/hostname) psql -h "$(hostname -i)" -U postgres -Atc "select 1"`,
    );
    expect(await login).toBe("1");
  });

  test("refuses to start on an empty volume without a password", async () => {
    await expect(runOnce(postgres)).rejects.toThrow("superuser password is not specified");
  });
});

describe("node:24", () => {
  test("has node 24, npm, npx and the user node", async () => {
    const printed = await runOnce(node, "sh", "-c", "node --version; npm --version; npx --version; id -u node");
    expect(printed).toMatch(/^v24\.[\d.]+\n[\d.]+\n[\d.]+\n1000$/);
    expect(await runOnce(node, "--print", "40 + 2")).toBe("42");
  });

  test("installs from npm and from Debian inside a build, also after its certificates were renewed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mayfly-build-"));
    const steps = [
      `FROM ${node}`,
      "RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && update-ca-certificates --fresh",
      "USER node",
      "WORKDIR /home/node",
      "RUN npm install is-odd@3.0.1",
      `CMD ["node", "--print", "require('is-odd')(3)"]`,
    ];
    writeFileSync(join(folder, "Dockerfile"), steps.join("\n"));
    expect(await runOnce(await buildImage(folder))).toBe("true");
    rmSync(folder, { recursive: true });
  });
});
