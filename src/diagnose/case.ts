import type { Failure } from "../domain/errors.ts";
import type { ContainerFacts, HealthLook, RouteAnswer, Suspect } from "../domain/facts.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { ObservedContainer } from "../domain/stack-state.ts";

/** A failure with everything that is known around it. */
export type Case = {
  failure: Failure;
  /** Null before anything was rendered. */
  stack: StackSpec | null;
  /** The service that failed; null where none did. */
  service: ServiceSpec | null;
  /** Null where it has no container any more. */
  container: ContainerFacts | null;
  health: HealthLook | null;
  /** What its route answered; null where it was not asked. */
  answer: RouteAnswer | null;
  /** What became of the stack's containers. */
  neighbors: readonly Pick<ObservedContainer, "service" | "state" | "exitCode">[];
};

/** A suspect without its name, which its row gives. */
export type Found = Omit<Suspect, "id">;

/** The service as it is told of. */
export function called({ service, failure }: Case): string {
  return `\`${service?.name ?? failure.service ?? "the service"}\``;
}

/** Where the branch says this of the service that failed: `environment.DATABASE_URL`, `command`; the first that is written. */
export function placeIn({ stack, service }: Case, ...keys: string[]): string | null {
  const places = stack?.places ?? {};
  const found = keys.map((key) => `services.${service?.name}${key === "" ? "" : `.${key}`}`);
  const known = found.find((key) => Object.hasOwn(places, key));
  return known === undefined ? null : (places[known] ?? null);
}

/** Where the route of the service that failed is written. */
export function routePlace({ stack, service }: Case): string | null {
  return stack?.places?.[`routes.${service?.name}`] ?? null;
}

/** The variable of the service that failed whose value is as asked: values of secrets are not known here. */
export function variableLike({ service }: Case, test: (value: string, name: string) => boolean): string | null {
  const found = Object.entries(service?.environment ?? {}).find(([name, value]) => test(value, name));
  return found?.[0] ?? null;
}

/** `environment.NAME` as it is written in the branch, and how to tell of it: ` (DATABASE_URL)`. */
export function variablePlace(about: Case, name: string | null): { where: string | null; told: string } {
  if (name === null) return { where: null, told: "" };
  return { where: placeIn(about, `environment.${name}`, "environment", "env_file"), told: ` (${name})` };
}

/** The other services of the stack. */
export function others({ stack, service }: Case): ServiceSpec[] {
  return (stack?.services ?? []).filter(({ name }) => name !== service?.name);
}

const servers: [RegExp, number][] = [
  [/postgres|postgis|pgvector|timescale/, 5432],
  [/mysql|mariadb|percona/, 3306],
  [/redis|valkey|keydb/, 6379],
  [/mongo/, 27_017],
  [/rabbitmq/, 5672],
  [/memcached/, 11_211],
  [/elasticsearch|opensearch/, 9200],
  [/kafka|redpanda/, 9092],
  [/minio/, 9000],
  [/mailhog|mailpit|mailcatcher/, 1025],
  [/nats/, 4222],
  [/clickhouse/, 8123],
];

/** The port that a database or its like has by its image's name. */
export function serverPort({ image }: ServiceSpec): number | null {
  if (image.kind !== "pull") return null;
  const name = image.reference.split("@")[0]?.split("/").at(-1) ?? "";
  return servers.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** The other service that is reached at a port. */
export function serviceAt(about: Case, port: number): ServiceSpec | null {
  const found = others(about);
  return found.find((each) => serverPort(each) === port) ?? found.find(({ ports }) => ports.includes(port)) ?? null;
}

/** True of a database that complains of what others ask of it. */
export function isServer({ service }: Case): boolean {
  return service !== null && serverPort(service) !== null;
}

/** Something that a program wrote, as it may stand in a sentence of ours. */
export function quote(text: string, length = 120): string {
  const line = text.replaceAll(/[`\s]+/g, " ").trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}
