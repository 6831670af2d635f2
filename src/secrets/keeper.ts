import { createHmac } from "node:crypto";
import type { SecretSources } from "../config/secrets.ts";
import { InputError } from "../domain/errors.ts";
import { readSecret, type WrittenSecret } from "./read-secret.ts";

/** The repository whose previews ask: by name its secrets are looked up, by id what was told of them is remembered. */
export type Asker = { repository: string; repositoryId: number };

export type Keeper = {
  /** Reads secrets anew, as they are now. Throws InputError `secret-missing` (all names at once), `secret-failed`. */
  read(asker: Asker, names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** As they were read last, and read where that never happened. */
  recall(asker: Asker, names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** A hash of a value that only this server can make: equal for equal values, and tells nothing of them. */
  printOf(asker: Asker, name: string, value: string): string;
  /** A value that a container holds, or that was read: never told to people again. */
  learn(repositoryId: number, values: Iterable<string>): void;
  /** What may not be told where a repository's people read; the same list until something is learned. */
  known(repositoryId: number): readonly string[];
  /** What may not be told anywhere, as in our own log. */
  knownAll(): readonly string[];
};

export type KeeperOptions = {
  /** The server file's secrets of a repository (`owner/name`). */
  written(repository: string): Readonly<Record<string, WrittenSecret>>;
  sources: SecretSources;
  /** The server's own secrets: tokens, passwords, keys. */
  own: readonly string[];
  salt: string;
  /** Hides these values, and what looks like a secret. */
  mask(text: string, known: readonly string[]): string;
};

/**
 * Knows secrets: reads them when asked, and remembers every value that it met, since what was printed with a value that
 * was rotated since must not be told either. Nothing of it is ever written.
 */
export function createKeeper(options: KeeperOptions): Keeper {
  const last = new Map<number, Map<string, string>>();
  const met = new Map<number, readonly string[]>();
  let all: readonly string[] = options.own;

  const known = (repositoryId: number): readonly string[] => met.get(repositoryId) ?? options.own;
  const learn = (repositoryId: number, values: Iterable<string>): void => {
    const news = [...new Set(values)].filter((value) => value !== "" && !known(repositoryId).includes(value));
    if (news.length === 0) return;
    met.set(repositoryId, [...known(repositoryId), ...news]);
    all = [...all, ...news];
  };

  const read: Keeper["read"] = async (asker, names) => {
    const written = options.written(asker.repository);
    const missing = names.filter((name) => !Object.hasOwn(written, name));
    if (missing.length > 0) throw new InputError("secret-missing", `missing: ${missing.join(", ")}`);
    const mask = (text: string) => options.mask(text, known(asker.repositoryId));
    const values = await Promise.all(
      names.map(async (name) => {
        const value = await readSecret(name, written[name]!, options.sources, mask);
        learn(asker.repositoryId, [value]);
        return [name, value] as const;
      }),
    );
    const kept = last.get(asker.repositoryId) ?? new Map<string, string>();
    last.set(asker.repositoryId, kept);
    for (const [name, value] of values) kept.set(name, value);
    return new Map(values);
  };

  return {
    read,
    async recall(asker, names) {
      const kept = last.get(asker.repositoryId);
      const unread = names.filter((name) => !kept?.has(name));
      const values = new Map([...(kept ?? []), ...(unread.length > 0 ? await read(asker, unread) : [])]);
      return new Map([...values].filter(([name]) => names.includes(name)));
    },
    printOf: ({ repositoryId }, name, value) =>
      createHmac("sha256", options.salt)
        .update(JSON.stringify([repositoryId, name, value]))
        .digest("hex"),
    learn,
    known,
    knownAll: () => all,
  };
}
