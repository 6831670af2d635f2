import { posix } from "node:path";
import { excerpt } from "../../config/excerpt.ts";
import type { Manifest } from "../../config/manifest.ts";
import { placeOf } from "../../config/yaml-node.ts";
import { type CheckSpec, runnerName } from "../../domain/check.ts";
import { type Finding, InputError, type Place } from "../../domain/errors.ts";
import { checkPath } from "../../domain/files.ts";
import type { ServiceSpec } from "../../domain/service.ts";
import type { FileSpec, RouteSpec, StackSpec } from "../../domain/stack.ts";
import { nearest } from "../../domain/verbs.ts";
import { urlVariable } from "../compose/variables.ts";
import { refuse } from "../findings.ts";
import type { OperatorRegistries } from "../policy/operator-registries.ts";
import { imageProblem } from "../policy/policy-image.ts";
import { followLinks, leadsOutside, type SourceReader } from "../repository-path.ts";

type Wish = NonNullable<Manifest["checks"]>[number];

const defaultTimeoutMs = 5 * 60_000;
/** A branch must not hold a place in the queue for longer. */
const longestTimeoutMs = 15 * 60_000;
/** Where an image's check finds its files, and starts. */
const folder = "/check";

/** The images that checks name are judged as those of services are. */
export function policeChecks({ checks = [], node }: Manifest, registries: OperatorRegistries): Finding[] {
  return checks.flatMap(({ image }, index) => {
    const problem = image === undefined ? null : imageProblem(image, registries);
    if (image === undefined || problem === null) return [];
    const message = `checks[${index}].image (${excerpt(image, 100)}): ${problem.means}`;
    return [refuse(placeOf(node, ["checks", index, "image"]), problem.code, message, problem.instead)];
  });
}

/** A stack with its checks, and what they need of the repository. Throws InputError for what does not fit, at its place. */
export function withChecks(stack: StackSpec, manifest: Manifest, reader: SourceReader): StackSpec {
  const { checks: wishes = [] } = manifest;
  if (wishes.length === 0) return stack;
  const files: FileSpec[] = [];
  const checks = wishes.map((wish, index): CheckSpec => {
    const at = (...inside: string[]) => placeOf(manifest.node, ["checks", index, ...inside]);
    if (wishes.findIndex(({ name }) => name === wish.name) < index)
      throw new InputError("invalid-value", `two checks are called ${wish.name}`, { place: at("name") });
    const timeoutMs = wish.timeout ?? defaultTimeoutMs;
    if (timeoutMs > longestTimeoutMs)
      throw new InputError("invalid-value", `checks[${index}].timeout is at most 15m`, { place: at("timeout") });
    const runner = runnerOf(wish, stack, at);
    if (wish.files !== undefined) files.push(fileOf(wish.name, wish.files, reader, at("files")));
    return { name: wish.name, required: wish.required ?? true, timeoutMs, runner: withFiles(runner, wish) };
  });
  return { ...stack, checks, files: [...stack.files, ...files] };
}

type At = (...inside: string[]) => Place;

function runnerOf(wish: Wish, stack: StackSpec, at: At): ServiceSpec {
  const { service: name, image } = wish;
  if ((name === undefined) === (image === undefined))
    throw new InputError("invalid-value", `the check ${wish.name} needs a service or an image`, { place: at() });
  const shown = mainOf(stack);
  if (image !== undefined)
    return asRunner(
      wish,
      { ...bare(shown, image), image: { kind: "pull", reference: image, place: at("image") } },
      stack,
    );
  const service = stack.services.find((each) => each.name === name);
  if (service === undefined) {
    const meant = nearest(
      name ?? "",
      stack.services.map((each) => each.name),
    );
    const message = `the check ${wish.name} names the service "${excerpt(name ?? "")}", which the stack does not have`;
    const hint = meant === undefined ? "Name one of the stack, or an image." : `Did you mean ${meant}?`;
    throw new InputError("invalid-value", message, { place: at("service"), hint });
  }
  if (wish.command === undefined)
    throw new InputError("invalid-value", `the check ${wish.name} needs a command`, { place: at() });
  return asRunner(wish, service, stack);
}

/** A container of its own beside the candidate: nothing of it is kept, nobody waits for it, and it ends. */
function asRunner(wish: Wish, from: ServiceSpec, stack: StackSpec): ServiceSpec {
  const { restartTries: _tries, ...service } = from;
  const networks = [...from.networks, ...mainOf(stack).networks].map(({ network }) => network);
  return {
    ...service,
    ...processOf(wish, from),
    name: runnerName(wish.name),
    kept: false,
    job: true,
    environment: { ...from.environment, ...variablesOf(wish, stack) },
    hostname: null,
    healthcheck: "none",
    restart: "no",
    tty: false,
    stdinOpen: false,
    dependsOn: [],
    ports: [],
    networks: [...new Set(networks)].map((network) => ({ network, aliases: [] })),
    // Two servers on one database's files would destroy them, and a check is none.
    mounts: from.kept ? from.mounts.filter(({ kind }) => kind === "files" || kind === "tmpfs") : from.mounts,
  };
}

function processOf({ command }: Wish, from: ServiceSpec): Pick<ServiceSpec, "command" | "entrypoint"> {
  if (command === undefined) return { command: null, entrypoint: null };
  if (typeof command === "string") return { entrypoint: ["/bin/sh", "-c"], command: [command] };
  return { entrypoint: from.entrypoint, command };
}

/** Nothing but an image, with as much memory as the main service has. */
function bare(shown: ServiceSpec, reference: string): ServiceSpec {
  return {
    name: "",
    image: { kind: "pull", reference },
    kept: false,
    job: true,
    command: null,
    entrypoint: null,
    environment: {},
    secrets: [],
    secretFiles: [],
    user: null,
    workingDir: null,
    hostname: null,
    healthcheck: "none",
    restart: "no",
    stopSignal: null,
    stopGraceMs: null,
    init: true,
    readOnly: false,
    tty: false,
    stdinOpen: false,
    shmSizeBytes: null,
    capDrop: [],
    dependsOn: [],
    networks: shown.networks,
    mounts: [],
    ports: [],
    limits: shown.limits,
  };
}

/** Under the names that the Compose file has, the addresses of the candidate itself: its own network, without the gateway. */
function variablesOf({ name }: Wish, { routes, slug, commit }: StackSpec): Record<string, string> {
  const addressOf = ({ service, port }: RouteSpec) => `http://${service}:${port}`;
  const main = routes.find((route) => route.main);
  const each = routes.map((route) => [urlVariable(route.service), addressOf(route)]);
  return {
    ...(Object.fromEntries(each) as Record<string, string>),
    ...(main && { MAYFLY_URL: addressOf(main), MAYFLY_HOST: main.host }),
    MAYFLY: "true",
    MAYFLY_CHECK: name,
    MAYFLY_COMMIT: commit,
    MAYFLY_PREVIEW_ID: slug,
  };
}

function mainOf({ services, routes }: StackSpec): ServiceSpec {
  const main = routes.find((route) => route.main);
  const service = services.find(({ name }) => name === main?.service);
  if (service === undefined) throw new InputError("route-missing", "no service is shown that could be checked");
  return service;
}

function withFiles(runner: ServiceSpec, { name, files, service }: Wish): ServiceSpec {
  if (files === undefined) return runner;
  const mount = { kind: "files", path: checkPath(name), target: folder, readOnly: false } as const;
  const workingDir = service === undefined ? folder : runner.workingDir;
  return { ...runner, workingDir, mounts: [...runner.mounts, mount] };
}

function fileOf(name: string, path: string, reader: SourceReader, place: Place): FileSpec {
  const real = leadsOutside(path) ? null : followLinks(reader, path);
  if (real === null) throw new InputError("path-outside", `${excerpt(path)} leads outside the repository`, { place });
  const kind = reader.kindOf(real);
  if (kind !== "directory" && kind !== "file")
    throw new InputError("file-missing", `there is no ${excerpt(path)} for the check ${name}`, { place });
  // A folder either way: an image's check starts there.
  const at = kind === "file" ? posix.join(checkPath(name), posix.basename(real)) : checkPath(name);
  return { path: at, from: { kind: "repository", path: real }, uid: 1000, gid: 1000, mode: null, place };
}
