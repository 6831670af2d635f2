import type { Case } from "../../src/diagnose/case.ts";
import { findSuspects } from "../../src/diagnose/suspects.ts";
import type { Failure } from "../../src/domain/errors.ts";
import type { ContainerFacts } from "../../src/domain/facts.ts";
import type { ServiceSpec } from "../../src/domain/service.ts";
import { service, shop } from "../support/stack.ts";

export const exited: ContainerFacts = {
  state: "exited",
  exitCode: 1,
  oomKilled: false,
  startError: "",
  user: "",
  entry: null,
  architecture: { image: "amd64", engine: "amd64" },
  variables: { set: ["PATH", "DATABASE_URL"], empty: ["API_KEY"] },
  listeners: null,
  lines: [],
};

/** It runs and accepts on its port, unless told otherwise. */
export const running: ContainerFacts = {
  ...exited,
  state: "running",
  exitCode: null,
  listeners: [{ address: "0.0.0.0", port: 3000 }],
};

export const failed: Failure = {
  code: "service-exited",
  what: "web exited with code 1 after 2.0 s",
  where: null,
  now: "Its last lines tell why.",
  service: "web",
  logTail: [],
  findings: [],
  retry: "never",
};

type Change = Partial<Omit<Case, "container" | "service" | "failure">> & {
  container?: Partial<ContainerFacts>;
  service?: Partial<ServiceSpec>;
  failure?: Partial<Failure>;
};

/** `web`, which ended, beside `db` (Postgres) and `cache` (Redis), with a few places of its Compose file. */
export function caseOf(change: Change = {}): Case {
  const base = shop(1);
  const web = service("web", {
    dependsOn: [{ service: "db", condition: "started", required: true }],
    ports: [3000],
    environment: { DATABASE_URL: "postgres://app:pw@localhost:5432/shop", API_KEY: "" },
    ...change.service,
  });
  const db = { ...base.services[0]!, environment: { POSTGRES_PASSWORD: "pw", POSTGRES_DB: "shop" } };
  const cache = service("cache", { image: { kind: "pull", reference: "docker.io/library/redis:8" } });
  const places = {
    "services.web": "compose.yaml:2:3",
    "services.web.command": "compose.yaml:5:5",
    "services.web.ports": "compose.yaml:6:5",
    "services.web.environment": "compose.yaml:7:5",
    "services.web.environment.DATABASE_URL": "compose.yaml:8:7",
    "services.web.environment.API_KEY": "compose.yaml:9:7",
    "routes.web": ".mayfly.yaml:2:3",
  };
  return {
    stack: { ...base, services: [db, cache, web], places },
    health: null,
    answer: null,
    neighbors: [],
    ...change,
    service: web,
    failure: { ...failed, ...change.failure },
    container: { ...exited, ...change.container },
  };
}

/** What a service that ended had said last → the suspects' names. */
export function said(text: string, change: Change = {}): string[] {
  return findSuspects(caseOf({ ...change, container: { lines: text.split("\n"), ...change.container } })).map(
    ({ id }) => id,
  );
}

/** What Node.js prints of a connection that was refused. */
export const nodeRefused = (address: string) => `node:net:1637
    const ex = new ExceptionWithHostPort(status, 'connect', address, port, details);
               ^

Error: connect ECONNREFUSED ${address}
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1637:16) {
  errno: -111,
  code: 'ECONNREFUSED',
  syscall: 'connect',
}

Node.js v24.0.0`;
