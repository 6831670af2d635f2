/** What a repository is read with; another one, where there is any, after one that was `refused`. */
export type TokenOf = (repository: string, refused?: string) => Promise<string | null>;

type Reading = { token: TokenOf; repository: string; isRefused(error: unknown): boolean };

/** Reads with a repository's token, and once more where that one was refused and another may be had. */
export async function withToken<T>(
  { token, repository, isRefused }: Reading,
  read: (given: string | null) => Promise<T>,
): Promise<T> {
  const given = await token(repository);
  return read(given).catch(async (error: unknown) => {
    if (given === null || !isRefused(error)) throw error;
    const other = await token(repository, given);
    if (other === given) throw error;
    return read(other);
  });
}

/** As GitHub takes it from git and its like: Basic auth, whose name does not count. */
export function basicAuthorization(token: string): string {
  return `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
}
