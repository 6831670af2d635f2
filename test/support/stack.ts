import { containerHash } from "../../src/plan/identity.ts";
import type { SeedPart } from "../../src/domain/seed.ts";
import type { ServiceSpec } from "../../src/domain/service.ts";
import type { ResolvedImage, StackSpec } from "../../src/domain/stack.ts";
import type { ObservedContainer, StackState } from "../../src/domain/stack-state.ts";

/** A service with everything left at its plainest. */
export function service(name: string, more: Partial<ServiceSpec> = {}): ServiceSpec {
  return {
    name,
    image: { kind: "build", build: name },
    kept: false,
    job: false,
    command: null,
    entrypoint: null,
    environment: {},
    secrets: [],
    secretFiles: [],
    user: null,
    workingDir: null,
    hostname: null,
    healthcheck: null,
    restart: "unless-stopped",
    stopSignal: null,
    stopGraceMs: null,
    init: false,
    readOnly: false,
    tty: false,
    stdinOpen: false,
    shmSizeBytes: null,
    capDrop: [],
    dependsOn: [],
    networks: [{ network: "default", aliases: [] }],
    mounts: [],
    ports: [],
    limits: { cpus: 1, memoryBytes: 2 ** 28, pids: 100 },
    ...more,
  };
}

/** Parts of a seed that are SQL files. */
export function sqlFiles(...paths: string[]): SeedPart[] {
  return paths.map((path) => ({ kind: "file", path, form: "sql" }));
}

/** web (built) after db (kept, on the volume `pgdata`). */
export function shop(generation: number, more: Partial<StackSpec> = {}): StackSpec {
  return {
    slug: "shop-pr-42",
    project: "shop-pr-42-ab12",
    generation,
    commit: String(generation).repeat(40).slice(0, 40),
    trust: "team",
    dataEpoch: 0,
    services: [
      service("db", {
        image: { kind: "pull", reference: "postgres:17" },
        kept: true,
        mounts: [{ kind: "volume", volume: "pgdata", target: "/var/lib/postgresql/data", readOnly: false }],
      }),
      service("web", { dependsOn: [{ service: "db", condition: "healthy", required: true }], ports: [3000] }),
    ],
    builds: [],
    networks: [{ name: "default", internal: false }],
    volumes: [{ name: "pgdata" }],
    seeds: [],
    files: [],
    routes: [
      { service: "web", port: 3000, host: "shop-pr-42.preview.localhost", path: null, health: null, main: true },
    ],
    readyTimeoutMs: 180_000,
    sources: null,
    ...more,
  };
}

export const images: Record<string, ResolvedImage> = {
  db: { id: "sha256:db", ports: [5432], volumes: ["/var/lib/postgresql/data"] },
  web: { id: "sha256:web", ports: [], volumes: [] },
};

export const nothing: StackState = { containers: [], networks: [], volumes: [] };

/** What the engine would say once `stack` runs, with its data on `volume`. */
export function running(stack: StackSpec, volume: { name: string; dataKey: string }): StackState {
  const network = `${stack.project}_g${stack.generation}_default`;
  return {
    containers: stack.services.map((each, index): ObservedContainer => {
      const volumes: Record<string, string> = each.name === "db" ? { pgdata: volume.name } : {};
      const specHash = containerHash(each, images[each.name]?.id ?? "", volumes);
      return {
        id: `${each.name}-${stack.generation}`,
        name: each.kept
          ? `${stack.project}-${each.name}-${specHash.slice(0, 8)}`
          : `${stack.project}-${each.name}-g${stack.generation}`,
        service: each.name,
        generation: stack.generation,
        specHash,
        state: "running",
        exitCode: null,
        oomKilled: false,
        restartCount: 0,
        ranMs: null,
        endedAt: null,
        addresses: { [network]: `10.213.0.${index + 2}` },
        volumes: Object.values(volumes),
      };
    }),
    networks: [
      {
        name: network,
        generation: stack.generation,
        network: "default",
        subnet: "10.213.0.0/28",
        internal: false,
      },
    ],
    volumes: [{ name: volume.name, volume: "pgdata", dataKey: volume.dataKey, createdAt: 0 }],
  };
}
