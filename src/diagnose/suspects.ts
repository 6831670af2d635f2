import type { Suspect } from "../domain/facts.ts";
import { called, type Case, type Found, placeIn, quote } from "./case.ts";
import { hostRefused } from "./hosts.ts";
import { databaseRows } from "./said-database.ts";
import { limitRows, outOfMemory } from "./said-limits.ts";
import { failedMigration, migrationRow } from "./said-migrations.ts";
import { networkRows } from "./said-network.ts";
import { cannotStart, programRows } from "./said-program.ts";
import { variableRow } from "./said-variables.ts";
import { loopbackOnly, otherPort } from "./sockets.ts";
import { findSaid } from "./statements.ts";

/**
 * The causes that are found, the surest first: what the engine and the kernel say of the container, what its route
 * answered, what it wrote itself, and last what only goes with a failure.
 */
export function findSuspects(about: Case): Suspect[] {
  const memory = outOfMemory(about);
  // Whatever it wrote before, that is how it ended.
  if (memory !== null) return [{ id: "out-of-memory", ...memory }];
  const said = findSaid(about, [
    ...databaseRows,
    variableRow,
    ...limitRows,
    ...networkRows,
    ...programRows,
    migrationRow,
  ]);
  const elsewhere = otherPort(about);
  const found: ({ id: string; found: Found } | null)[] = [
    cannotStart(about),
    named("host-refused", hostRefused(about)),
    named("loopback", loopbackOnly(about)),
    // Whoever finds its port taken and goes on with the next one is not ended by that.
    ...said.filter(({ id }) => id !== "port-taken" || elsewhere === null),
    named("migration", failedMigration(about)),
    named("health-program", healthProgram(about)),
    named("other-port", elsewhere),
  ];
  const suspects = found.flatMap((each) => (each === null ? [] : [{ id: each.id, ...each.found }]));
  return suspects.filter(({ id }, index) => suspects.findIndex((each) => each.id === id) === index);
}

function named(id: string, found: Found | null): { id: string; found: Found } | null {
  return found && { id, found };
}

const mariadbNames: Readonly<Record<string, string>> = { mysql: "mariadb", mysqladmin: "mariadb-admin" };

/** A health check runs in the container: slim images lack `curl`. */
function healthProgram(about: Case): Found | null {
  const { health } = about;
  if (health === null || (health.exitCode !== 126 && health.exitCode !== 127)) return null;
  const missing =
    /exec: "([^"]{1,100})": (?:executable file not found|stat )/.exec(health.said)?.[1] ??
    /(?:^|: )([\w./-]{1,100}): (?:command )?not found/.exec(health.said)?.[1];
  if (missing === undefined) return null;
  const renamed = mariadbNames[missing];
  const other = "check with what the image has (`wget`, `node -e`, `python -c`)";
  return {
    what: `the health check of ${called(about)} runs \`${quote(missing, 60)}\`, which its image does not have`,
    now:
      renamed === undefined
        ? `Install it in the Dockerfile, or ${other}.`
        : `Since MariaDB 11 its name is \`${renamed}\`; the image's own check is \`healthcheck.sh --connect\`.`,
    where: placeIn(about, "healthcheck", ""),
  };
}
