import { posix } from "node:path";
import { excerpt } from "../../config/excerpt.ts";
import type { SeedEntry } from "../../config/seed-entry.ts";
import { type Database, databaseOf } from "../../domain/database.ts";
import { InputError, type Place } from "../../domain/errors.ts";
import { isLaid, type SeedForm, type SeedPart } from "../../domain/seed.ts";
import type { ServiceSpec } from "../../domain/service.ts";
import { nearest } from "../../domain/verbs.ts";
import { leadsOutside, type SourceReader } from "../repository-path.ts";
import { expandPattern, isPattern } from "./seed-pattern.ts";

type Written = { entry: SeedEntry; place: Place };
type Context = { service: ServiceSpec; services: readonly ServiceSpec[]; reader: SourceReader };

/** The parts that a service's seed is written as. Throws InputError at the entry's place for what is not there, or cannot be loaded into that service. */
export function specifyParts(written: readonly Written[], context: Context): SeedPart[] {
  const parts: SeedPart[] = [];
  for (const { entry, place } of written) {
    for (const part of specifyEntry(entry, place, context)) {
      refuseUnfit(part, context.service, place);
      refuseLate(part, parts, context.service, place);
      parts.push(part);
    }
  }
  return parts;
}

function specifyEntry({ path, run, source }: SeedEntry, place: Place, { services, reader }: Context): SeedPart[] {
  if (run !== undefined) {
    refuseUnknown(run.service, services, place);
    return [{ kind: "run", service: run.service, command: run.command }];
  }
  if (source !== undefined) return [{ kind: "source", name: source }];
  const said = path ?? "";
  if (leadsOutside(said))
    throw new InputError("path-outside", `${excerpt(said)} leads outside the repository`, { place });
  const paths = isPattern(said) ? expandPattern(said, reader, place) : [posix.normalize(said).replace(/(.)\/+$/, "$1")];
  return paths.map((each) => specifyPath(each, reader, place));
}

function specifyPath(path: string, reader: SourceReader, place: Place): SeedPart {
  const shown = excerpt(path);
  switch (reader.kindOf(path)) {
    case "directory":
      return { kind: "folder", path };
    case "file":
      return { kind: "file", path, form: formOf(path, place) };
    case "other":
      throw new InputError("file-missing", `the seed ${shown} is a link or a submodule, which is not followed`, {
        place,
      });
    case "none":
      throw new InputError("file-missing", `there is no seed file ${shown}`, { place });
  }
}

const forms: readonly [RegExp, SeedForm][] = [
  [/\.sql$/i, "sql"],
  [/\.sql\.gz$/i, "sql.gz"],
  [/\.(dump|pgdump|backup)(\.gz)?$/i, "dump"],
  [/\.(sh|bash)$/i, "shell"],
  [/\.rdb$/i, "rdb"],
];

/** By its name alone: what is in a dump is looked at when it is loaded. */
function formOf(path: string, place: Place): SeedForm {
  const form = forms.find(([name]) => name.test(path))?.[1];
  if (form !== undefined) return form;
  throw new InputError("invalid-value", `nobody can tell by its name what ${excerpt(path)} is`, {
    place,
    hint: "A seed is *.sql, *.sql.gz, a pg_dump *.dump, *.sh, a Redis *.rdb, or a folder of files for the volume.",
  });
}

const takers: Partial<Record<SeedForm, { takes: readonly (Database | null)[]; what: string }>> = {
  sql: { takes: ["postgres", "mariadb"], what: "no Postgres, MariaDB or MySQL" },
  "sql.gz": { takes: ["postgres", "mariadb"], what: "no Postgres, MariaDB or MySQL" },
  dump: { takes: ["postgres", "mariadb"], what: "no Postgres, MariaDB or MySQL" },
  rdb: { takes: ["redis"], what: "no Redis or Valkey" },
};

function refuseUnfit(part: SeedPart, service: ServiceSpec, place: Place): void {
  if (part.kind !== "file" && part.kind !== "source") return;
  // What a source gives is SQL, or pg_dump's own format.
  const taker = takers[part.kind === "source" ? "sql" : part.form];
  const shown = part.kind === "source" ? `the source ${excerpt(part.name)}` : excerpt(part.path);
  const database = databaseOf(service);
  if (taker === undefined || taker.takes.includes(database)) return;
  const hint =
    database === null
      ? "A database is known by its image's name; one that is built, by POSTGRES_PASSWORD, MARIADB_ROOT_PASSWORD or redis-server in its service. A script (*.sh) and `run` fill any other."
      : "Name it under the service that can read it.";
  throw new InputError("invalid-value", `${shown} cannot be loaded into ${service.name}, which is ${taker.what}`, {
    place,
    hint,
  });
}

/** Two dumps would be one, and nothing is put below a server that runs. */
function refuseLate(part: SeedPart, before: readonly SeedPart[], service: ServiceSpec, place: Place): void {
  if (part.kind === "source" && before.length > 0) {
    const hint = "Move it up: what follows is loaded into what it gave.";
    throw new InputError("invalid-value", `the source ${excerpt(part.name)} must come first`, { place, hint });
  }
  if (!isLaid(part)) return;
  const isRdb = (each: SeedPart) => each.kind === "file" && each.form === "rdb";
  if (isRdb(part) && before.some(isRdb))
    throw new InputError("invalid-value", `${service.name} can start with one Redis dump`, { place });
  if (before.every(isLaid)) return;
  throw new InputError("invalid-value", `${excerpt(part.path)} is put into the volume before ${service.name} starts`, {
    place,
    hint: "Name folders and Redis dumps first, then what is loaded or run.",
  });
}

function refuseUnknown(name: string, services: readonly ServiceSpec[], place: Place): void {
  const names = services.map((each) => each.name);
  if (names.includes(name)) return;
  const meant = nearest(name, names);
  const hint = meant === undefined ? `There are: ${excerpt(names.join(", "))}.` : `Did you mean ${meant}?`;
  throw new InputError("invalid-value", `run names the service "${name}", which the stack does not have`, {
    place,
    hint,
  });
}
