import { InputError } from "../domain/errors.ts";

/**
 * Where the server file is: the one that `--config` names, else the first of the usual places, else null.
 * Throws InputError `file-missing` when the one named is not there.
 */
export function findServerFile(named: string | null, exists: (path: string) => boolean): string | null {
  if (named === null) return ["server.yaml", "/etc/mayfly/server.yaml"].find(exists) ?? null;
  if (exists(named)) return named;
  throw new InputError("file-missing", `there is no server file ${named}`, {
    hint: "Correct the path after --config.",
  });
}
