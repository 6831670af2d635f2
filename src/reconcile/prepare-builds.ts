import { posix } from "node:path";
import { InputError } from "../domain/errors.ts";
import type { BuildSpec } from "../domain/stack.ts";
import type { Checkout } from "./ports.ts";

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

/** The git trees of its contexts, and the Dockerfile, which may lie outside of them. */
export async function contentOf(build: BuildSpec, checkout: Checkout): Promise<BuildContent> {
  const dockerfile = build.inline ?? (build.dockerfile === null ? null : checkout.readText(build.dockerfile));
  if (dockerfile === null) {
    const what = `${build.name}: there is no ${build.dockerfile ?? "Dockerfile"} in the repository`;
    throw new InputError("file-missing", what);
  }
  const paths = (build.contexts ?? []).flatMap((context) => (context.kind === "path" ? [context] : []));
  const contexts = await Promise.all(
    paths.map(async ({ name, path }) => [name, await checkout.treeId(posix.normalize(path))] as const),
  );
  const tree = await checkout.treeId(posix.normalize(build.context));
  return { tree, dockerfile, ...(contexts.length > 0 && { contexts: Object.fromEntries(contexts) }) };
}
