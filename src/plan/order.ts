import { dataNetworkName } from "../domain/naming.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { ResolvedImage, StackSpec } from "../domain/stack.ts";
import { attachmentsOf, isKept } from "./identity.ts";

type Stack = Pick<StackSpec, "services" | "seeds" | "project" | "generation">;
type Images = Readonly<Record<string, ResolvedImage>>;

/** Services with those they depend on first; the order of the file otherwise. */
export function byDependency(services: readonly ServiceSpec[]): ServiceSpec[] {
  const sorted: ServiceSpec[] = [];
  const visit = (service: ServiceSpec, path: readonly string[]) => {
    if (sorted.includes(service) || path.includes(service.name)) return;
    for (const dependency of dependenciesOf(service, services)) visit(dependency, [...path, service.name]);
    sorted.push(service);
  };
  for (const service of services) visit(service, []);
  return sorted;
}

/**
 * The services that keep data and are started before a service that does not name them. Compose starts at once what
 * nobody orders, on data that was there before; here data is often new, and an application that ends when its database
 * refuses it would stay ended. What a keeper itself depends on waits for none of them.
 */
export function impliedBy(service: ServiceSpec, stack: Stack, images: Images): string[] {
  const keepers = stack.services.filter((each) => isKept(each, images[each.name]));
  const first = withDependencies(keepers, stack.services);
  if (first.has(service)) return [];
  return keepers.map(({ name }) => name).filter((name) => !service.dependsOn.some((each) => each.service === name));
}

/**
 * The steps that a service's start waits for (Compose specification, depends_on). To have started is to accept
 * connections; what is seeded is not used before.
 */
export function waitsOf(service: ServiceSpec, stack: Stack, images: Images): string[] {
  const implied = impliedBy(service, stack, images).map((name) => ({ service: name, condition: "started" as const }));
  return [...service.dependsOn, ...implied].flatMap(({ service: name, condition }) => [
    ...[...placesOf(name, stack), dataNetworkName(stack.project)].map((network) => `join:${name}:${network}`),
    ...(condition === "started" ? [`start:${name}`, `unpause:${name}`, `listen:${name}`] : [`await:${name}`]),
    ...stack.seeds.filter((seed) => seed.service === name).map((seed) => `complete:${seed.volume}`),
  ]);
}

function placesOf(name: string, stack: Stack): string[] {
  const service = stack.services.find((each) => each.name === name);
  return service ? attachmentsOf(stack, service).map(({ network }) => network) : [];
}

/** Whether somebody's start waits until this service accepts connections. */
export function isListenedFor({ name }: ServiceSpec, stack: Stack, images: Images): boolean {
  return stack.services.some((each) => waitsOf(each, stack, images).includes(`listen:${name}`));
}

function withDependencies(from: readonly ServiceSpec[], services: readonly ServiceSpec[]): Set<ServiceSpec> {
  const found = new Set(from);
  // A set's loop meets what is added meanwhile.
  for (const service of found) for (const dependency of dependenciesOf(service, services)) found.add(dependency);
  return found;
}

function dependenciesOf(service: ServiceSpec, services: readonly ServiceSpec[]): ServiceSpec[] {
  const names = service.dependsOn.map((each) => each.service);
  return services.filter(({ name }) => names.includes(name));
}
