import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { boundPath, givenPath } from "../../src/domain/files.ts";
import type { Mount, ServiceSpec } from "../../src/domain/service.ts";
import type { FileSpec } from "../../src/domain/stack.ts";
import { anchorImageName } from "../../src/engine/anchor-image.ts";
import { execute } from "../../src/engine/exec.ts";
import type { SourceFiles } from "../../src/engine/step-host.ts";
import type { ContainerPlan } from "../../src/plan/step.ts";
import { clock, createWorld, idle, type World } from "./world.ts";

let world: World;
let root: string;
beforeEach(async () => {
  world = await createWorld();
  root = await mkdtemp(join(tmpdir(), "mayfly-files-"));
  await world.run(world.network("default"));
  await lay("nginx.conf", "listen 80;\n");
  await lay("site/index.html", "hello\n");
  await lay("site/run.sh", "#!/bin/sh\necho ran\n", 0o755);
  // As git lays a link out, where it may make none.
  await lay("site/link", "index.html");
  await lay("site/out", "/etc/hostname");
  await lay("password", "s3cret");
  await lay("large", "x".repeat(1_000_000));
});
afterEach(async () => {
  await world.run({ kind: "remove-volume", name: volume });
  await world.run({ kind: "remove-network", name: world.name("default") });
  await world.docker.getImage(anchorImageName(world.server)).remove();
  await rm(root, { recursive: true });
  await world[Symbol.asyncDispose]();
});

const volume = "shop.files-g1_test";
const place = { file: "compose.yaml", line: 1, column: 1 };

async function lay(path: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
  await chmod(join(root, path), mode);
}

const openSource = async (): Promise<SourceFiles> => ({
  root,
  special: [
    { path: "site/link", kind: "symbolic link" },
    { path: "site/out", kind: "symbolic link" },
  ],
  [Symbol.asyncDispose]: async () => undefined,
});

const bound = (path: string): FileSpec => ({
  path: boundPath(path),
  from: { kind: "repository", path },
  uid: 1000,
  gid: 1000,
  mode: null,
  place,
});
const everything: FileSpec[] = [
  bound("nginx.conf"),
  bound("site"),
  bound("large"),
  { ...bound("password"), path: givenPath("password"), uid: 33, gid: 34, mode: 0o400 },
  { ...bound(""), path: givenPath("motd"), from: { kind: "text", text: "of the Compose file" }, mode: 0o444 },
  { ...bound(""), path: boundPath("site/cache"), from: { kind: "folder" } },
];

const fill = (files = everything) => world.run({ kind: "fill", name: volume, files, generation: 1 }, { openSource });

function mount(path: string, target: string, readOnly = true): Mount {
  return { kind: "files", path, target, readOnly };
}

async function up(name: string, mounts: Mount[], more: Partial<ServiceSpec> = {}): Promise<ContainerPlan> {
  const plan = { ...world.container(name, idle, { mounts, ...more }), files: volume };
  await world.up(plan);
  return plan;
}

async function shell(plan: ContainerPlan, command: string): Promise<string> {
  const { lines } = await execute({ docker: world.docker, clock }, plan.name, {
    command: ["sh", "-c", command],
    signal: AbortSignal.timeout(10_000),
  });
  return lines.join("\n");
}

describe("a service sees", () => {
  test("a single file of the repository at another's place, a folder with its modes and links, and neither can be written", async () => {
    await fill();
    const mounts = [
      mount(boundPath("nginx.conf"), "/etc/hosts.allow"),
      mount(boundPath("site"), "/srv/site"),
      mount(boundPath("large"), "/srv/large"),
    ];
    const plan = await up("web", mounts);
    expect(await shell(plan, "tr -d x < /srv/large | wc -c; wc -c < /srv/large")).toBe("0\n1000000");
    expect(
      await shell(plan, "cat /etc/hosts.allow; /srv/site/run.sh; cat /srv/site/link; readlink /srv/site/out"),
    ).toBe("listen 80;\nran\nhello\n/etc/hostname");
    expect(
      await shell(plan, "stat -c '%n %u %g %a' /srv/site /srv/site/* /etc/hosts.allow | grep -v -e link -e out"),
    ).toBe(
      [
        "/srv/site 1000 1000 755",
        "/srv/site/cache 1000 1000 755",
        "/srv/site/index.html 1000 1000 644",
        "/srv/site/run.sh 1000 1000 755",
        "/etc/hosts.allow 1000 1000 644",
      ].join("\n"),
    );
    expect(await shell(plan, "touch /srv/site/x /etc/hosts.allow 2>&1")).toMatch(/Read-only[^]*Read-only/);
    await world.down(plan);
  });

  test("configs and secrets with the owner and mode as written, also when it is read-only and has a tmpfs above them", async () => {
    await fill();
    const mounts = [
      mount(givenPath("password"), "/run/secrets/password"),
      mount(givenPath("motd"), "/motd"),
      { kind: "tmpfs", target: "/run", sizeBytes: null } as const,
    ];
    const plan = await up("web", mounts, { readOnly: true });
    const seen = "cat /run/secrets/password /motd; echo; stat -c '%u %g %a' /run/secrets/password /motd";
    expect(await shell(plan, seen)).toBe("s3cretof the Compose file\n33 34 400\n1000 1000 444");
    // It outlives a stop.
    await world.docker.getContainer(plan.name).restart({ t: 0 });
    expect(await shell(plan, "cat /run/secrets/password")).toBe("s3cret");
    await world.down(plan);
  });

  test("what another writes into the same path, in a volume of its own below it, what its image has there", async () => {
    await fill();
    const writer = await up("writer", [mount(boundPath("site"), "/data", false)], { user: "1000:1000" });
    const reader = await up("reader", [
      mount(boundPath("site"), "/srv"),
      // Nothing below a read-only folder can be made any more.
      { kind: "anonymous", target: "/srv/cache" },
    ]);
    await shell(writer, "echo changed > /data/index.html");
    expect(await shell(reader, "cat /srv/index.html; touch /srv/cache/x && ls /srv/cache")).toBe("changed\nx");
    expect(await shell(writer, "ls /data/cache")).toBe("");
    await world.down(writer);
    await world.down(reader);
  });
});

test("a link that a service puts in the place of another's folder leads nowhere", async () => {
  await fill();
  const writer = await up("writer", [mount(boundPath("site"), "/data", false)]);
  await shell(writer, "rmdir /data/cache && ln -s ../../../../../.. /data/cache && ln -s /etc /data/etc");
  for (const path of ["site/cache", "site/cache/etc", "site/etc"]) {
    await expect(up("reader", [mount(boundPath(path), "/srv")])).rejects.toThrow(/escapes|no such file/);
    await world.down(world.container("reader", idle));
  }
  await world.down(writer);
});

test("a volume that was filled halfway is filled again, and what it was filled through is gone", async () => {
  await fill([bound("nginx.conf")]);
  await fill();
  const filters = { label: [`dev.mayfly.server=${world.server}`] };
  expect(await world.docker.listContainers({ all: true, filters })).toEqual([]);
  const plan = await up("web", [mount(boundPath("site"), "/srv")]);
  expect(await shell(plan, "cat /srv/index.html")).toBe("hello");
  await world.down(plan);
});

test("a file that cannot be read ends the filling with its own error", async () => {
  await expect(fill([bound("nginx.conf"), bound("gone")])).rejects.toThrow(/ENOENT/);
});
