import { RemoteError } from "../domain/errors.ts";

type Answer = { data: unknown; headers: { etag?: string | undefined } };

/** Reads an address, or knows what it said when it says the same still. */
export type ReadAgain = <T>(
  name: string,
  ask: (headers: Record<string, string>) => Promise<Answer>,
  read: (data: never) => T,
) => Promise<T>;

/** What is kept of answers; the oldest goes first. */
const kept = 1000;

/**
 * Asks with the ETag of what was answered before: an unchanged answer (304) is quick, and costs nothing of GitHub's
 * primary limit ("Best practices for using the REST API", conditional requests). Kept is what `read` makes of it.
 */
export function createReadAgain(): ReadAgain {
  const known = new Map<string, { etag: string; value: unknown }>();
  return async (name, ask, read) => {
    const before = known.get(name);
    try {
      const { data, headers } = await ask(before ? { "if-none-match": before.etag } : {});
      const value = read(data as never);
      known.delete(name);
      if (headers.etag !== undefined) known.set(name, { etag: headers.etag, value });
      const [oldest] = known.keys();
      if (known.size > kept && oldest !== undefined) known.delete(oldest);
      return value;
    } catch (error) {
      if (before && error instanceof RemoteError && error.status === 304)
        return before.value as ReturnType<typeof read>;
      throw error;
    }
  };
}

const pageSize = 100;

/** Reads a list page by page, each conditionally. */
export async function readPages<T>(
  again: ReadAgain,
  name: string,
  ask: (page: { per_page: number; page: number; headers: Record<string, string> }) => Promise<Answer>,
  read: (data: never) => T[],
): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; ; page++) {
    const items = await again(`${name} ${page}`, (headers) => ask({ per_page: pageSize, page, headers }), read);
    all.push(...items);
    if (items.length < pageSize) return all;
  }
}
