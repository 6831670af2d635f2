import { type Git, GitExit } from "./git.ts";

/** `owner/name`: nothing else of a URL that a branch chose is ever used. */
const repositoryName = /^\w[\w.-]*\/[\w.-]+$/;
/** `.gitmodules` is text that people write. */
const mostBytes = 2 ** 20;

/**
 * By the path of each submodule that a commit's `.gitmodules` names, its URL as written (gitmodules(5)). Read by git
 * itself; a file that it cannot read names nothing.
 */
export async function readModules(
  git: Git,
  { mirror, commit, signal }: { mirror: string; commit: string; signal?: AbortSignal | undefined },
): Promise<ReadonlyMap<string, string>> {
  const asked = ["--git-dir", mirror, "config", "--no-includes", "--blob", `${commit}:.gitmodules`, "-z", "--list"];
  const listed = await git(asked, { signal, mostBytes }).catch((error: unknown) => {
    // Neither a missing file nor one that is no configuration is a reason to fail: its submodules stay empty.
    if (error instanceof GitExit) return "";
    throw error;
  });
  const modules = new Map<string, { path?: string; url?: string }>();
  for (const entry of listed.split("\0")) {
    const [, name, key, value] = /^submodule\.([^]*)\.(path|url)\n([^]*)$/.exec(entry) ?? [];
    if (name === undefined || key === undefined || value === undefined) continue;
    modules.set(name, { ...modules.get(name), [key]: value });
  }
  return new Map(
    [...modules.values()].flatMap(({ path, url }) => (path && url ? [[path.replace(/\/+$/, ""), url] as const] : [])),
  );
}

/**
 * The repository of the forge (`owner/name`) that a submodule's URL names; null for everything else. A relative one
 * begins at the repository it stands in (git-submodule(1), add). `git@HOST:` and `ssh://git@HOST/` of the forge's own
 * host name a repository too, which is then read over HTTP like any other: nothing is ever fetched from a URL that a
 * branch wrote.
 */
export function forgeRepository(url: string, from: { repository: string; webUrl: string }): string | null {
  if (url.length > 1000 || /[\s\\%?#\p{Cc}]/u.test(url)) return null;
  const written = /^\.\.?\//.test(url) ? relativeTo(from.repository, url) : absolute(url, from.webUrl);
  const name = written?.replace(/\/+$/, "").replace(/\.git$/, "") ?? "";
  return repositoryName.test(name) && !/\/\.\.?$/.test(name) ? name : null;
}

function relativeTo(repository: string, url: string): string | null {
  const at = repository.split("/");
  let rest = url;
  for (let step = /^\.\.?\/+/.exec(rest); step; step = /^\.\.?\/+/.exec(rest)) {
    // Above the owner lies the forge's own address, which is no folder of repositories.
    if (step[0].startsWith("..") && at.pop() === undefined) return null;
    rest = rest.slice(step[0].length);
  }
  return [...at, rest].join("/");
}

function absolute(url: string, webUrl: string): string | null {
  const forge = new URL(webUrl);
  const base = `${forge.pathname.replace(/\/+$/, "")}/`;
  const ssh = /^(?:ssh:\/\/git@([\w.-]+)\/|git@([\w.-]+):)([^:]+)$/.exec(url);
  if (ssh) return (ssh[1] ?? ssh[2])?.toLowerCase() === forge.hostname ? (ssh[3] ?? null) : null;
  if (!/^https?:\/\//i.test(url)) return null;
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.origin !== forge.origin || parsed.username !== "" || parsed.password !== "") return null;
  return parsed.pathname.startsWith(base) ? parsed.pathname.slice(base.length) : null;
}
