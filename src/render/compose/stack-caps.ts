import { child, toValue, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import { InputError } from "../../domain/errors.ts";
import { invalid } from "../findings.ts";

/** Whatever `limits.services` allows: reading takes time, too. */
const maxServices = 200;
const maxValues = 100_000;
const maxPorts = 1000;
const maxDependencies = 2000;
/** Each is laid out, hashed and sent for itself. */
const maxContexts = 100;

/** Throws InputError `invalid-value` before anything is done for each of very many services of a file or a stack. */
export function refuseManyServices(model: YamlNode): void {
  const services = child(model, "services");
  if (services?.kind !== "map" || services.entries.size <= maxServices) return;
  const message = `the stack has ${services.entries.size} services; at most ${maxServices} are read`;
  throw new InputError("invalid-value", message, { place: services.place, hint: "Leave services out of the preview." });
}

/** The values of a model. Throws InputError `yaml-too-large` where services that extend something big multiply it. */
export function countValues(model: YamlNode): number {
  let count = 0;
  const walk = (node: YamlNode): void => {
    count += 1;
    if (count > maxValues) {
      throw new InputError("yaml-too-large", `the stack comes to more than ${maxValues} values`, { place: node.place });
    }
    if (node.kind === "list") for (const item of node.items) walk(item);
    if (node.kind === "map") for (const entry of node.entries.values()) walk(entry.node);
  };
  walk(model);
  return count;
}

/** Throws InputError `invalid-value` for a canonical model with very many ports, dependencies or contexts of builds. */
export function refuseHugeStack(model: YamlMap): void {
  refuseManyServices(model);
  const services = child(model, "services");
  if (services?.kind !== "map") return;
  let ports = 0;
  let dependencies = 0;
  let contexts = 0;
  for (const { node } of services.entries.values()) {
    ports += itemsOf(child(node, "ports")).length;
    for (const item of itemsOf(child(node, "expose"))) ports += widthOf(String(toValue(item)));
    if (ports > maxPorts) throw invalid(node, `the stack comes to more than ${maxPorts} ports`);
    const depends = child(node, "depends_on");
    dependencies += depends?.kind === "map" ? depends.entries.size : 0;
    if (dependencies > maxDependencies) throw invalid(node, `the stack has more than ${maxDependencies} dependencies`);
    const further = child(child(node, "build"), "additional_contexts");
    contexts += further?.kind === "map" ? further.entries.size : 0;
    if (contexts > maxContexts)
      throw invalid(node, `the stack's builds have more than ${maxContexts} further contexts`);
  }
}

function itemsOf(node: YamlNode | undefined): readonly YamlNode[] {
  return node?.kind === "list" ? node.items : [];
}

/** How many ports `3000-3005` or `3000` is; what is no range counts as one. */
function widthOf(said: string): number {
  const [, from = "0", to = from] = /^(\d{1,5})(?:-(\d{1,5}))?/.exec(said) ?? [];
  return Math.max(1, Number(to) - Number(from) + 1);
}
