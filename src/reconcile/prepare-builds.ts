import { posix } from "node:path";
import { InputError } from "../domain/errors.ts";
import type { BuildSpec } from "../domain/stack.ts";
import type { Checkout } from "./ports.ts";

/** What is not sent of a context, by paths seen from it, or null; `dockerfile` may have an ignore file beside it. */
export type IgnoreOf = (
  files: Pick<Checkout, "readText">,
  context: string,
  dockerfile: string | null,
) => { ignores(path: string): boolean } | null;

/** What of a commit goes into a build. */
export type BuildContent = { tree: string; dockerfile: string; contexts?: Record<string, string> };

/** Gives each build its tag, and knows it where another is made of it: the renderer lets no circle pass. */
export async function tagBuilds(
  builds: readonly BuildSpec[],
  tagOf: (build: BuildSpec) => Promise<string>,
): Promise<BuildSpec[]> {
  const tagged = new Map<string, Promise<BuildSpec>>();
  const tag = (build: BuildSpec): Promise<BuildSpec> => {
    const made = tagged.get(build.name) ?? tagOnBases(build);
    tagged.set(build.name, made);
    return made;
  };
  const tagOnBases = async (build: BuildSpec): Promise<BuildSpec> => {
    const bases = await Promise.all(builds.filter(({ name }) => waitsFor(build).includes(name)).map(tag));
    const contexts = build.contexts?.map((context) => {
      const base = context.kind === "build" ? bases.find(({ name }) => name === context.build) : undefined;
      return base ? { ...context, tag: base.tag } : context;
    });
    const whole = contexts ? { ...build, contexts } : build;
    return { ...whole, tag: await tagOf(whole) };
  };
  return Promise.all(builds.map(tag));
}

/** The builds of the stack whose images this one is made of. */
export function waitsFor({ contexts = [] }: BuildSpec): string[] {
  return contexts.flatMap((context) => (context.kind === "build" ? [context.build] : []));
}

/**
 * The git trees of its contexts, without what is not sent of them, and the Dockerfile, which may lie outside of them:
 * a push that changes nothing else needs no build.
 */
export async function contentOf(
  build: BuildSpec,
  checkout: Pick<Checkout, "readText" | "treeId">,
  ignoreOf: IgnoreOf,
): Promise<BuildContent> {
  const dockerfile = build.inline ?? (build.dockerfile === null ? null : checkout.readText(build.dockerfile));
  if (dockerfile === null) {
    const what = `${build.name}: there is no ${build.dockerfile ?? "Dockerfile"} in the repository`;
    throw new InputError("file-missing", what);
  }
  const treeOf = (path: string, beside: string | null) =>
    checkout.treeId(posix.normalize(path), ignoreOf(checkout, path, beside) ?? undefined);
  const paths = (build.contexts ?? []).flatMap((context) => (context.kind === "path" ? [context] : []));
  const contexts = await Promise.all(paths.map(async ({ name, path }) => [name, await treeOf(path, null)] as const));
  const tree = await treeOf(build.context, build.dockerfile);
  return { tree, dockerfile, ...(contexts.length > 0 && { contexts: Object.fromEntries(contexts) }) };
}
