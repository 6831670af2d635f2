import { excerpt } from "../config/excerpt.ts";
import { child, toValue, type YamlMap, type YamlNode } from "../config/yaml-node.ts";
import { type Finding, InputError, type Place } from "../domain/errors.ts";
import { dockerfilePath } from "./builds.ts";
import { policeDockerfile } from "./policy-dockerfile.ts";
import type { OperatorRegistries } from "./operator-registries.ts";
import { isRemote, leadsOutside, readAt, type SourceReader } from "./repository-path.ts";

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
  return [...services.entries].flatMap(([name, entry]) => {
    const build = child(entry.node, "build");
    return build ? policeBuild(name, build, { reader, judge }) : [];
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
      hint: "Commit it, or correct the path; symbolic links are not followed.",
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

function textOf(node: YamlNode, key: string): string | undefined {
  const inner = child(node, key);
  return inner?.kind === "scalar" ? String(inner.value) : undefined;
}
