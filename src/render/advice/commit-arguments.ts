import { child, toValue, type YamlMap } from "../../config/yaml-node.ts";
import type { Finding } from "../../domain/errors.ts";
import { note } from "../findings.ts";

/** Build arguments that hold the commit: with them each push builds an image anew that may be as it was. */
export function noteCommitArguments(model: YamlMap, commit: string): Finding[] {
  const services = child(model, "services");
  if (services?.kind !== "map" || commit === "") return [];
  return [...services.entries].flatMap(([service, { node }]) => {
    const args = child(child(node, "build"), "args");
    if (args?.kind !== "map") return [];
    return [...args.entries]
      .filter(([, entry]) => String(toValue(entry.node)).includes(commit))
      .map(([name, entry]) =>
        note(
          entry.node.place,
          "build-arg-commit",
          `services.${service}.build.args.${name} holds the commit: the image is built anew with every push`,
          "Give it to the service as a variable under `environment:`, if the build can do without.",
        ),
      );
  });
}
