import type { Repository } from "../domain/preview.ts";
import { type ReadAgain, readPages } from "./github-conditional.ts";
import type { Credentials } from "./github-credentials.ts";
import { ownerAndRepo } from "./github-traffic.ts";

export type Repositories = {
  /** As it is called now, also when asked by a name of before. */
  readRepository(name: string): Promise<Repository>;
  /** All that the App is installed on, or that the token's person can reach; archived ones are left out. */
  listRepositories(): Promise<Repository[]>;
};

type Answered = { id: number | bigint; full_name: string; archived?: boolean };

/** Which repositories there are. Every call may throw RemoteError. */
export function createRepositories({ of, own, installations }: Credentials, again: ReadAgain): Repositories {
  const toRepositories = (listed: Answered[]) => listed.filter(({ archived }) => archived !== true).map(toRepository);

  async function listInstalled(all: NonNullable<typeof installations>): Promise<Repository[]> {
    const each = (await all()).map(async ({ id, api }) =>
      readPages(
        again,
        `installation ${id}`,
        (page) => api.request("GET /installation/repositories", page),
        // Archived ones are left out at the end: a page that is not full ends the list.
        (data: { repositories: Answered[] }) => data.repositories,
      ),
    );
    return toRepositories((await Promise.all(each)).flat());
  }

  return {
    async readRepository(name) {
      return toRepository((await of(name).request("GET /repos/{owner}/{repo}", ownerAndRepo(name))).data);
    },
    async listRepositories() {
      if (installations !== null) return listInstalled(installations);
      const ask = (page: object) => own.request("GET /user/repos", { sort: "full_name", ...page });
      return toRepositories(await readPages(again, "user", ask, (data: Answered[]) => data));
    },
  };
}

function toRepository({ id, full_name }: Answered): Repository {
  return { id: Number(id), name: full_name };
}
