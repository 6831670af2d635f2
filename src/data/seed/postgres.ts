import type { ServiceSpec } from "../../domain/service.ts";

/** Whether a service is the database that this version knows to seed. */
export function isPostgres({ image, environment }: Pick<ServiceSpec, "image" | "environment">): boolean {
  const name = image.kind === "pull" ? image.reference : "";
  return name.includes("postgres") || Object.keys(environment).some((each) => each.startsWith("POSTGRES_"));
}

/** A client's call that loads its input as one transaction, which the input itself has to commit. */
export function psql(environment: ReadonlyMap<string, string>): string[] {
  const { user, database } = accountOf(environment);
  const options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", `--username=${user}`, `--dbname=${database}`];
  return ["psql", ...options, "--command=BEGIN", "--file=-"];
}

/** Asks by address: while the image sets a new database up, Postgres listens on its socket only. */
export function readyCheck(environment: ReadonlyMap<string, string>): string[] {
  const { user, database } = accountOf(environment);
  return ["pg_isready", "--quiet", "--host=127.0.0.1", `--username=${user}`, `--dbname=${database}`];
}

/** User and database default as in the official image (hub.docker.com/_/postgres). */
function accountOf(environment: ReadonlyMap<string, string>): { user: string; database: string } {
  const user = environment.get("POSTGRES_USER") || "postgres";
  return { user, database: environment.get("POSTGRES_DB") || user };
}
