import { RemoteError } from "../domain/errors.ts";
import { isLocalKey } from "../domain/local.ts";
import type { Level, Person } from "../domain/person.ts";
import type { PreviewView } from "../domain/view.ts";
import type { ApiWorld } from "./world.ts";

export type Permissions = (person: Person, view: Pick<PreviewView, "key" | "repository">) => Promise<Level>;

const keptMs = 60_000;
/** Memory stays bounded, whoever signs in. */
const mostKept = 10_000;

/**
 * What a person may do with a preview: what GitHub says of the repository, asked at most once a minute. Where GitHub
 * does not tell us, nobody may look; where it does not answer, the RemoteError is thrown.
 */
export function createPermissions({ permissionOf, clock, log }: ApiWorld): Permissions {
  const kept = new Map<string, { until: number; level: Promise<Level> }>();
  return (person, { key, repository }) => {
    // What `mayfly up` made is no repository of GitHub's, whatever its name.
    if (isLocalKey(key)) return Promise.resolve("none");
    const name = `${person.id} ${repository}`;
    const known = kept.get(name);
    if (known !== undefined && known.until > clock.now()) return known.level;
    if (kept.size >= mostKept) kept.clear();
    const level = permissionOf(repository, person).catch((error: unknown) => {
      if (error instanceof RemoteError && error.retry === "never") {
        log.warn({ err: error, repository }, "permission is not told");
        return "none" as const;
      }
      kept.delete(name);
      throw error;
    });
    kept.set(name, { until: clock.now() + keptMs, level });
    return level;
  };
}
