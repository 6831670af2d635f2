import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { renderDirectory } from "../src/app.ts";
import { MayflyError } from "../src/domain/errors.ts";
import { median, printTable } from "./table.ts";

const runs = 25;
const list = (length: number, item: (index: number) => string) => Array.from({ length }, (_, index) => item(index));

/**
 * How long a stack of 60 services takes to be read, judged and specified, beside `docker compose config` of the same
 * files; and how soon hostile files are refused, and with how much memory.
 */
export async function benchRender(): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-render-"));
  try {
    const big = sixtyServices(join(folder, "big"));
    const compose = composeProgram();
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let run = 0; run < runs; run++) {
      ours.push(timed(() => void renderDirectory(big)));
      theirs.push(timed(() => void config(compose, big)));
    }
    const ratio = median(ours) / median(theirs);
    printTable([
      ["milliseconds, 60 services of 7 files", "first", "least", "median"],
      ["mayfly render, in a running process", ...shown(ours)],
      ["docker compose config, the whole command", ...shown(theirs)],
      ["ratio", "", "", ratio.toFixed(2)],
    ]);
    const refused = hostile(join(folder, "hostile")).map(([name, make]) => refusal(name, make));
    printTable([
      ["refused", "ms", "MB more than before at most", "as"],
      ...refused.map(({ name, ms, megabytes, code }) => [name, ms.toFixed(0), megabytes.toFixed(0), code]),
    ]);
    return { medianMs: median(ours), firstMs: ours[0], composeMs: median(theirs), ratio, refused };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function shown(times: readonly number[]): string[] {
  return [times[0] ?? 0, Math.min(...times), median(times)].map((time) => time.toFixed(0));
}

/** Six included files of ten services each, with variables, env files, anchors, builds, networks and volumes. */
function sixtyServices(folder: string): string {
  const service = (team: number, index: number) => `
  s${team}-${index}:
    <<: *usual
    image: "registry.example.com/team${team}/service${index}:\${TAG:-latest}"
    ports: ["80${team}${index}:3000"]
    environment: { NAME: s${index}, URL: "\${MAYFLY_URL:-http://localhost}/s${index}", LEVEL: "\${LEVEL:-info}" }
    env_file: [common.env, { path: local.env, required: false }]
    volumes: ["data${team}:/data", "./config:/etc/service:ro"]
    networks: { inner: { aliases: [s${index}.internal] }, default: }
    healthcheck: { test: ["CMD", "curl", "-f", "http://localhost:3000/health"], interval: 10s, timeout: 5s, retries: 5 }
    deploy: { resources: { limits: { cpus: "0.5", memory: 256M } } }${index > 0 ? `\n    depends_on: { s${team}-0: { condition: service_healthy } }` : ""}`;
  for (const team of [0, 1, 2, 3, 4, 5]) {
    write(
      join(folder, `team${team}/compose.yaml`),
      `x-usual: &usual { restart: unless-stopped, init: true, stop_grace_period: 20s, logging: { driver: json-file } }\nservices:${list(10, (index) => service(team, index)).join("")}\nnetworks: { inner: { internal: true } }\nvolumes: { data${team}: }\n`,
    );
    write(join(folder, `team${team}/common.env`), list(20, (index) => `COMMON_${index}=value-${index}`).join("\n"));
    write(join(folder, `team${team}/config/app.conf`), "x\n");
  }
  const paths = [0, 1, 2, 3, 4, 5].map((team) => `team${team}/compose.yaml`);
  write(join(folder, "compose.yaml"), `include: [${paths.join(", ")}]\nservices: {}\n`);
  return folder;
}

/** What is refused, each in a folder of its own. */
function hostile(folder: string): [string, () => string][] {
  const stack = (name: string, files: Record<string, string>, more?: (at: string) => void): [string, () => string] => [
    name,
    () => {
      const at = join(folder, name.replaceAll(" ", "-"));
      for (const [path, text] of Object.entries(files)) write(join(at, path), text);
      more?.(at);
      return at;
    },
  ];
  const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 9; level++)
    bomb.push(`a${level}: &a${level} [${list(9, () => `*a${level - 1}`).join(", ")}]`);
  const withEnvFile = "services: { web: { image: x, ports: ['80:80'], env_file: a.env } }";
  const fan = list(20, (i) => i.toString()).flatMap((i) =>
    ["f", "g"].map((name) => [`${name}${i}.yaml`, `include: [f${Number(i) + 1}.yaml, g${Number(i) + 1}.yaml]`]),
  );
  const last = "services: { a: { image: x } }";
  return [
    stack("alias bomb", { "compose.yaml": `${bomb.join("\n")}\nservices: { web: { image: x } }\n` }),
    stack(
      "50 MB",
      {},
      (at) => (write(join(at, "compose.yaml"), "a: 1\n"), truncateSync(join(at, "compose.yaml"), 50e6)),
    ),
    stack("deep nesting", { "compose.yaml": `a: ${"[".repeat(100_000)}` }),
    stack("FIFO", { "compose.yaml": withEnvFile }, (at) => void execFileSync("mkfifo", [join(at, "a.env")])),
    stack("device behind a link", { "compose.yaml": withEnvFile }, (at) => symlinkSync("/dev/zero", join(at, "a.env"))),
    stack("link out", { "compose.yaml": withEnvFile }, (at) => symlinkSync("/etc/passwd", join(at, "a.env"))),
    stack("include cycle", { "compose.yaml": "include: [a.yaml]", "a.yaml": "include: [compose.yaml]" }),
    stack("extends cycle", { "compose.yaml": "services: { a: { extends: b }, b: { extends: a } }" }),
    stack("include fan-out", {
      "compose.yaml": "include: [f0.yaml, g0.yaml]",
      ...(Object.fromEntries(fan) as Record<string, string>),
      "f20.yaml": last,
      "g20.yaml": last,
    }),
    stack("extends fan-out", {
      "compose.yaml": `services: { ${list(150, (i) => `s${i}: { extends: { file: b.yaml, service: b } }`).join(", ")} }`,
      "b.yaml": `services: { b: { image: x, environment: { ${list(4000, (i) => `A${i}: x`).join(", ")} } } }`,
    }),
  ];
}

type Refusal = { name: string; ms: number; megabytes: number; code: string };

function refusal(name: string, make: () => string): Refusal {
  const folder = make();
  const before = process.resourceUsage().maxRSS;
  let code = "read";
  const ms = timed(() => {
    try {
      renderDirectory(folder);
    } catch (error) {
      if (!(error instanceof MayflyError)) throw error;
      code = error.code;
    }
  });
  return { name, ms, megabytes: (process.resourceUsage().maxRSS - before) / 1024, code };
}

function composeProgram(): string {
  return execFileSync("sh", ["-c", ". scripts/compose.sh && compose_path"]).toString().trim();
}

function config(program: string, folder: string): Buffer {
  const args = ["-p", "bench", "-f", "compose.yaml", "config", "--format", "json"];
  return execFileSync(program, args, { cwd: folder, env: { HOME: "/nowhere" }, stdio: ["ignore", "pipe", "ignore"] });
}

function timed(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
