import type { ServiceSpec } from "./service.ts";

/** A database that we know how to fill, and to ask whether it is ready. MySQL and its like are `mariadb`, Valkey is `redis`. */
export type Database = "postgres" | "mariadb" | "redis";

const names: readonly [Database, RegExp][] = [
  ["postgres", /(^|[/_-])(postgres(ql)?|postgis|pgvector|timescaledb)([-_:@/]|$)/],
  ["mariadb", /(^|[/_-])(mariadb|mysql|percona)([-_:@/]|$)/],
  ["redis", /(^|[/_-])(redis|valkey)([-_:@/]|$)/],
];

/** What only the official images themselves read: an application that asks them is told a host as well. */
const variables: readonly [Database, RegExp][] = [
  ["postgres", /^POSTGRES_(PASSWORD(_FILE)?|HOST_AUTH_METHOD|INITDB_ARGS)$/],
  ["mariadb", /^(MARIADB|MYSQL)_(ROOT_PASSWORD(_FILE)?|(ALLOW_EMPTY|RANDOM)(_ROOT)?_PASSWORD)$/],
];

/** Which database a service is: by its image's name, or by its environment and command where the branch builds it. */
export function databaseOf({
  image,
  environment,
  command,
}: Pick<ServiceSpec, "image" | "environment" | "command">): Database | null {
  const reference = image.kind === "pull" ? image.reference : "";
  const named = names.find(([, name]) => name.test(reference));
  if (named) return named[0];
  if (command?.some((word) => /(^|\/|\s)(redis|valkey)-server(\s|$)/.test(word))) return "redis";
  const given = Object.keys(environment);
  if (given.some((name) => name.endsWith("_HOST"))) return null;
  return variables.find(([, variable]) => given.some((name) => variable.test(name)))?.[0] ?? null;
}
