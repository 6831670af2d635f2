import { excerpt } from "../../config/excerpt.ts";
import { child, toValue, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import { type Finding, InputError, type Place } from "../../domain/errors.ts";
import { type ContextSource, readContext } from "../stack/build-contexts.ts";
import { dockerfilePath } from "../stack/builds.ts";
import { refuse } from "../findings.ts";
import { policeDockerfile } from "./policy-dockerfile.ts";
import { imageProblem } from "./policy-image.ts";
import type { OperatorRegistries } from "./operator-registries.ts";
import { isRemote, leadsOutside, readAt, type SourceReader } from "../repository-path.ts";

/** Of all builds together, one file counted as often as it is built from. */
const maxCharacters = 512 * 1024;

type Judge = (text: string, args: Readonly<Record<string, string>>, place: (line: number) => Place) => Finding[];

/**
 * Judges what the Dockerfiles of a model's builds do; where they lie is judged by the policy's table. Throws InputError `file-missing` for a context
 * or Dockerfile that is not there, at the `build`.
 */
export function policeBuilds(model: YamlMap, reader: SourceReader, registries?: OperatorRegistries): Finding[] {
  const services = child(model, "services");
  if (services?.kind !== "map") return [];
  let left = maxCharacters;
  const judge: Judge = (text, args, place) => {
    left -= text.length;
    if (left >= 0) return policeDockerfile(text, args, place, registries);
    const first = place(1);
    throw new InputError("file-too-large", "the Dockerfiles of the stack come to more than 512 KiB", { place: first });
  };
  refuseCircle(services);
  return [...services.entries].flatMap(([name, entry]) => {
    const build = child(entry.node, "build");
    if (!build) return [];
    return [
      ...policeContexts(name, build, { services, reader, registries }),
      ...policeBuild(name, build, { reader, judge }),
    ];
  });
}

function policeBuild(
  service: string,
  build: YamlNode,
  { reader, judge }: { reader: SourceReader; judge: Judge },
): Finding[] {
  const context = textOf(build, "context") ?? ".";
  const at = `services.${service}.build`;
  const { place } = build;
  if (isRemote(context) || leadsOutside(context)) return [];
  if (reader.kindOf(context) !== "directory") {
    throw new InputError("file-missing", `${at}: there is no directory ${excerpt(context)}`, {
      place,
      hint: "Commit it, or correct the path; symbolic links are not followed, and submodules are empty folders (docs/git.md).",
    });
  }
  const args = child(build, "args");
  const values = (args ? toValue(args) : {}) as Record<string, string>;
  const inline = child(build, "dockerfile_inline");
  if (inline) return judge(String(toValue(inline)), values, () => inline.place);
  const written = textOf(build, "dockerfile");
  const path = dockerfilePath({ context, dockerfile: written });
  if (written?.startsWith("/") || leadsOutside(path)) return [];
  const text = readAt(reader, path, place);
  if (text === null) throw new InputError("file-missing", `${at}: there is no Dockerfile ${excerpt(path)}`, { place });
  return judge(text, values, (line) => ({ file: path, line, column: 1 }));
}

type Surroundings = { services: YamlMap; reader: SourceReader; registries: OperatorRegistries | undefined };

/** What the further contexts of a build name; where they lead is judged by the policy's table. */
function policeContexts(service: string, build: YamlNode, { services, reader, registries }: Surroundings): Finding[] {
  return contextsOf(build).flatMap(({ name, source, place }) => {
    const at = `services.${service}.build.additional_contexts.${name}`;
    const missing = (what: string) => new InputError("file-missing", `${at}: ${what}`, { place });
    if (source.kind === "service" && !services.entries.has(source.service))
      throw missing(`there is no service ${excerpt(source.service)} in the stack`);
    if (source.kind === "path" && !leadsOutside(source.path) && reader.kindOf(source.path) !== "directory")
      throw missing(`there is no directory ${excerpt(source.path)}`);
    const problem = source.kind === "image" ? imageProblem(source.reference, registries) : null;
    return problem ? [refuse(place, problem.code, `${at} ${problem.means}`, problem.instead)] : [];
  });
}

function contextsOf(build: YamlNode): { name: string; source: ContextSource; place: Place }[] {
  const contexts = child(build, "additional_contexts");
  if (contexts?.kind !== "map") return [];
  return [...contexts.entries].map(([name, { node }]) => ({
    name,
    source: readContext(String(toValue(node))),
    place: node.place,
  }));
}

/** Each image would have to be there before the other. */
function refuseCircle(services: YamlMap): void {
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): void => {
    const build = child(services.entries.get(name)?.node, "build");
    if (!build || done.has(name)) return;
    for (const { source, place } of contextsOf(build)) {
      if (source.kind !== "service") continue;
      const circle = [...way, name, source.service];
      if (circle.indexOf(source.service) < circle.length - 1)
        throw new InputError("invalid-value", `builds wait for each other: ${circle.join(" → ")}`, { place });
      visit(source.service, [...way, name]);
    }
    done.add(name);
  };
  for (const name of services.entries.keys()) visit(name, []);
}

function textOf(node: YamlNode, key: string): string | undefined {
  const inner = child(node, key);
  return inner?.kind === "scalar" ? String(inner.value) : undefined;
}
