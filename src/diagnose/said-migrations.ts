import { called, type Case, type Found, isServer, placeIn, quote } from "./case.ts";
import type { SaidRow } from "./statements.ts";

/** What tools that change a database's tables write when they stop. */
export const migrationRow: SaidRow = {
  id: "migration",
  patterns: [
    /Migration "?`?([\w./-]{1,200})`?"? failed/,
    /Migration(?: name)?: `?([\w./-]{1,200})`?/,
    /(?:A|The following) migration\(?s?\)? (?:have |has )?failed(?: to apply)?/,
    /\bP30(?:09|18|06)\b/,
    /An error has occurred, (?:this and )?all later migrations canceled/,
    /migration file "([^"]{1,200})" failed/,
    /Migration failed for change ?set ([\w./:-]{1,200})/,
    /Migration of schema .{1,80} to version "([^"]{1,120})" failed/,
    /Script (V[\w.]{1,150}\.sql) failed/,
    /Validate failed: Migrations have failed validation|Migration checksum mismatch/,
    /Dirty database version (\d{1,20})/,
    /ERROR {1,2}([\w./-]{1,200}\.(?:sql|go)): failed to run (?:SQL|Go) migration/,
    /error: migration failed/i,
    /[Ff]ailed to run (?:the )?(?:database |db )?migrations?\b/,
    /\bmigrations?\b.{0,60}\bfailed\b/i,
  ],
  judge(match, about) {
    if (isServer(about) || about.container?.exitCode === 0) return null;
    return told(match[1] ?? null, about);
  },
};

/** A service that does nothing but migrate, by its name or its command, and did not end well. */
export function failedMigration(about: Case): Found | null {
  const { service, container } = about;
  if (service === null || container === null || container.state === "running" || container.exitCode === 0) return null;
  const command = [...(service.entrypoint ?? []), ...(service.command ?? [])].join(" ");
  const isAlone = service.job || about.failure.code === "job-failed";
  if (isAlone && !tools.test(`${service.name} ${command}`)) return null;
  if (!isAlone && !isCutShort(container.lines)) return null;
  return errorOf(container.lines) === null ? null : told(null, about);
}

const tools =
  /\bmigrat|\bprisma (?:migrate|db push)|\balembic\b|\bflyway\b|\bliquibase\b|\bdb:(?:prepare|setup|migrate|schema)|\bgoose\b|\bdbmate\b|\bknex\b|\btypeorm\b|\bsequelize\b|\bdrizzle-kit\b|\batlas\b/i;

/** The tool began one and did not come to its end: Django, Alembic, Sequelize. */
function isCutShort(lines: readonly string[]): boolean {
  const last = lines.slice(-60).map((line) => line.slice(0, 500));
  const begun = last.findLast((line) =>
    /^ {0,4}Applying [\w.]{1,150}\.\.\.|Running upgrade |== {1,2}\S{1,100} \S{1,150}: migrat/.test(line),
  );
  if (begun === undefined || /\.\.\. ?OK\b|: migrated\b/.test(begun)) return false;
  return last.some((line) => line.includes("Traceback (most recent call last)") || line.startsWith("ERROR: "));
}

function told(named: string | null, about: Case): Found {
  const lines = about.container?.lines ?? about.failure.logTail;
  const error = errorOf(lines);
  const which = named ?? migrationIn(lines);
  const what = `a migration of ${called(about)} failed${which === null ? "" : `, ${quote(which, 80)}`}${error === null ? "" : `: ${quote(error)}`}`;
  const now =
    "Mend the migration, and test it on data like the preview's. One that ran in part may stand in the way: `/reset` gives the preview its data anew.";
  return { what, now, where: placeIn(about, "command", "entrypoint", "") };
}

/** What the database said of it. */
function errorOf(lines: readonly string[]): string | null {
  const said = lines
    .slice(-60)
    .map((line) => line.slice(0, 500))
    .findLast((line) =>
      /\bERROR:|\b(?:relation|column|table|constraint|type|index|database)\b.{0,100}\b(?:already exists|does not exist|violates)|(?:Operational|Programming|Integrity|Database|Sql|SQL)\w{0,20}(?:Error|Exception)|SQLSTATE|[Dd]uplicate column|doesn't exist|syntax error at/.test(
        line,
      ),
    );
  return said?.replace(/^[\s\d:.TZ[\]-]{0,60}/, "").replace(/^(?:error:|ERROR:)\s{0,4}/i, "") ?? null;
}

function migrationIn(lines: readonly string[]): string | null {
  const text = lines.slice(-60).map((line) => line.slice(0, 500));
  for (const line of text.toReversed()) {
    const name =
      /Applying ([\w.]{1,150})\.\.\./.exec(line)?.[1] ??
      /Running upgrade [\w ,]{0,100}-> (\w{1,40})/.exec(line)?.[1] ??
      /== {1,2}(\S{1,100} \S{1,150}): migrating =/.exec(line)?.[1] ??
      /Migration name: ([\w.-]{1,150})/.exec(line)?.[1];
    if (name !== undefined) return name;
  }
  return null;
}
