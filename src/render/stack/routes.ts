import { excerpt } from "../../config/excerpt.ts";
import type { Manifest } from "../../config/manifest.ts";
import { keyPlaceOf } from "../../config/yaml-node.ts";
import { InputError } from "../../domain/errors.ts";
import { previewHost } from "../../domain/naming.ts";
import type { RouteSpec } from "../../domain/stack.ts";
import { nearest } from "../../domain/verbs.ts";
import type { ComposeModel, Service } from "../compose-model.ts";

/** What is shown of a stack: service and port, first = main. */
export type RouteWish = { service: string; port: number; path: string | null; health: string | null };

/** Ports of databases, brokers and debuggers: they speak no HTTP that a person opens. */
const otherPorts = new Set([
  21, 22, 25, 53, 110, 143, 389, 465, 587, 636, 993, 1025, 1433, 1521, 1883, 2181, 2379, 3306, 4222, 5005, 5432, 5433,
  5672, 6379, 6380, 6432, 9042, 9092, 9229, 9230, 11211, 26257, 27017, 27018,
]);

const otherImages =
  /(^|[/-])(postgres|postgis|pgvector|timescaledb|mysql|mariadb|percona|mongo|redis|valkey|keydb|memcached|rabbitmq|kafka|zookeeper|nats|etcd|cassandra|cockroach|mssql|influxdb)([-/:@]|$)/;

/**
 * The routes wished for: the manifest's, else a template's, else the published ports that can be HTTP (else those told to a proxy), services that
 * are built and that nobody depends on first. Throws InputError for services that do not exist.
 */
export function wishRoutes(model: ComposeModel, manifest: Manifest, templateRoutes: readonly RouteWish[]): RouteWish[] {
  if (manifest.routes && Object.keys(manifest.routes).length > 0) return manifestRoutes(model, manifest);
  return templateRoutes.length > 0 ? [...templateRoutes] : detectRoutes(model);
}

/** Routes with their hosts. Throws InputError `route-missing` without any, `invalid-value` when two share a host. */
export function placeRoutes(
  wishes: readonly RouteWish[],
  preview: { slug: string; domain: string },
  context: { ready: Manifest["ready"]; file: string; services: readonly string[] },
): RouteSpec[] {
  if (wishes.length === 0) {
    const place = { file: context.file, line: 1, column: 1 };
    throw new InputError("route-missing", "no service publishes a port that can be a web page", {
      place,
      hint: `Name the service and its port in .mayfly.yaml: \`routes: { ${excerpt(context.services[0] ?? "web")}: 3000 }\`. There are: ${excerpt(context.services.join(", "))}.`,
    });
  }
  const routes = wishes.map((wish, index) => ({
    ...wish,
    health: wish.health ?? (index === 0 ? (context.ready?.path ?? null) : null),
    host: previewHost(preview.slug, preview.domain, index === 0 ? undefined : wish.service),
    main: index === 0,
  }));
  const double = routes.find((route, index) => routes.findIndex((other) => other.host === route.host) !== index);
  if (!double) return routes;
  throw new InputError("invalid-value", `two routes would have the host ${double.host}`, {
    place: { file: context.file, line: 1, column: 1 },
    hint: "Rename one of the services.",
  });
}

function manifestRoutes(model: ComposeModel, manifest: Manifest): RouteWish[] {
  return Object.entries(manifest.routes ?? {}).map(([service, entry]) => {
    if (Object.hasOwn(model.services, service)) {
      return { service, port: entry.port, path: entry.path ?? null, health: entry.health ?? null };
    }
    const meant = nearest(service, Object.keys(model.services));
    throw new InputError(
      "invalid-value",
      `routes names the service "${excerpt(service)}", which the stack does not have`,
      {
        place: keyPlaceOf(manifest.node, ["routes", service]),
        hint:
          meant === undefined
            ? `There are: ${excerpt(Object.keys(model.services).join(", "))}.`
            : `Did you mean ${meant}?`,
      },
    );
  });
}

function detectRoutes(model: ComposeModel): RouteWish[] {
  const published = ranked(model, publishedPort);
  // What stands behind a proxy publishes nothing, and the proxy is what is left out of a preview first.
  return published.length > 0 ? published : ranked(model, proxiedPort);
}

function ranked(model: ComposeModel, portOf: (service: Service) => number | undefined): RouteWish[] {
  const dependedOn = new Set(Object.values(model.services).flatMap((service) => Object.keys(service.depends_on ?? {})));
  const rank = (name: string, service: Service) => (service.build ? 0 : 2) + (dependedOn.has(name) ? 1 : 0);
  return Object.entries(model.services)
    .flatMap(([name, service]) => {
      const isOther = !service.build && otherImages.test(service.image ?? "");
      const port = isOther ? undefined : portOf(service);
      return port === undefined ? [] : [{ name, port, rank: rank(name, service) }];
    })
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ name, port }) => ({ service: name, port, path: null, health: null }));
}

function publishedPort(service: Service): number | undefined {
  return service.ports?.find((port) => port.protocol === "tcp" && !otherPorts.has(port.target))?.target;
}

/** Told to Traefik by a label, to nginx-proxy by a variable, or to other services by `expose`. */
function proxiedPort({ labels = {}, environment = {}, expose = [] }: Service): number | undefined {
  const label = Object.keys(labels).find((name) =>
    /^traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port$/.test(name),
  );
  const told = [label === undefined ? null : labels[label], environment["VIRTUAL_PORT"], ...expose];
  return told
    .map((said) => Number(/^(\d{1,5})(?:\/tcp)?$/.exec(said ?? "")?.[1]))
    .find((port) => port > 0 && port < 65_536 && !otherPorts.has(port));
}
