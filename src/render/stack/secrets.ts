import type { Manifest } from "../../config/manifest.ts";
import { child, formatPath, keyPlaceOf, type Path, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import { type Finding, InputError } from "../../domain/errors.ts";
import { marksIn, secretMark } from "../../domain/secret-mark.ts";
import type { SecretFile, ServiceSpec } from "../../domain/service.ts";
import type { BuildSpec, StackSpec } from "../../domain/stack.ts";
import type { ComposeModel } from "../compose-model.ts";
import { type Findings, note, refuse } from "../findings.ts";
import { secretNameOf } from "../policy/policy-secrets.ts";

/** The secrets that the operator has set for the repository, and where more of them would be set. */
export type SecretOffer = { names: readonly string[]; serverFile: string; repository: string };

/** What `${NAME}` means for secrets that the manifest asks for; nothing where none are given. */
export function secretVariables(manifest: Manifest, trust: StackSpec["trust"]): Map<string, string> {
  if (trust !== "team") return new Map();
  return new Map(Object.keys(manifest.secrets ?? {}).map((name) => [name, secretMark(name)]));
}

/** Refuses secrets wherever they would be stored or shown: only a service's `environment` takes them by name. */
export function misplacedSecrets(model: YamlMap, manifest: Manifest): Finding[] {
  const asked = manifest.secrets ?? {};
  const judge = (node: YamlNode, path: Path): Finding[] => {
    // Extensions are read only where a file repeats them.
    if ((path[0] === "services" && path[2] === "environment") || String(path.at(-1)).startsWith("x-")) return [];
    if (node.kind === "list") return node.items.flatMap((item, index) => judge(item, [...path, index]));
    if (node.kind === "map") return [...node.entries].flatMap(([key, entry]) => judge(entry.node, [...path, key]));
    const names = marksIn(String(node.value)).filter((name) => Object.hasOwn(asked, name));
    return names.map((name) => {
      const hint = path.includes("args")
        ? "A build argument stays in the image: use the build's `secrets` and RUN --mount=type=secret."
        : `Give it under \`environment:\`; a shell in the container reads it as $\${${name}}.`;
      return refuse(node.place, "secret-place", `the secret ${name} would be readable in ${formatPath(path)}`, hint);
    });
  };
  return judge(model, []);
}

type Giving = {
  manifest: Manifest;
  compose: ComposeModel;
  model: YamlMap;
  /** Null where nobody knows them, as without a server. */
  offer: SecretOffer | null;
  findings: Findings;
};

/** A stack with its secrets by name: what the manifest asks for, and what Compose's own `secrets` do. Throws InputError. */
export function giveSecrets(stack: StackSpec, giving: Giving): StackSpec {
  const { manifest, findings } = giving;
  const services = stack.services.map((service) => giveService(service, giving));
  const builds = stack.builds.map((build) => giveBuild(build, giving));
  const given = new Set([
    ...services.flatMap(({ secrets }) => secrets),
    ...builds.flatMap(({ secrets }) => secrets.map(({ secret }) => secret)),
  ]);
  const asked = new Set(Object.keys(manifest.secrets ?? {})).union(given);
  const at = (name: string) => keyPlaceOf(manifest.node, ["secrets", name]);
  if (stack.trust !== "team") {
    for (const name of asked) {
      const hint = "Code of a fork runs without secrets; a branch of the repository itself gets them.";
      findings.add(note(at(name), "secret-withheld", `the secret ${name} is not given to a fork`, hint));
    }
    return { ...stack, builds: stack.builds.map((build) => ({ ...build, secrets: [] })) };
  }
  refuseMissing([...asked], giving);
  refuseUnknownServices(stack, manifest);
  for (const name of Object.keys(manifest.secrets ?? {})) {
    if (given.has(name)) continue;
    const hint = `Nothing is built here: say who gets it: secrets: { ${name}: { services: [NAME] } }.`;
    findings.add(note(at(name), "secret-unused", `the secret ${name} is asked for, and no service gets it`, hint));
  }
  return { ...stack, services, builds };
}

/** The manifest's go to every build, under their id. */
function giveBuild(build: BuildSpec, { manifest, model }: Giving): BuildSpec {
  const own = build.secrets.map(({ id, secret }) => ({ id, secret: declaredName(secret, model) }));
  const more = Object.entries(manifest.secrets ?? {}).flatMap(([secret, wish]) =>
    wish?.build === undefined || own.some(({ id }) => id === wish.build) ? [] : [{ id: wish.build, secret }],
  );
  return { ...build, secrets: [...own, ...more].toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
}

function giveService(service: ServiceSpec, giving: Giving): ServiceSpec {
  const wishes = Object.entries(giving.manifest.secrets ?? {}).filter(([, wish]) =>
    wish?.services
      ? wish.services.includes(service.name)
      : service.image.kind === "build" && (wish?.build === undefined || wish.file !== undefined),
  );
  const environment = { ...service.environment };
  for (const [name, wish] of wishes) {
    // What the file makes of it stays: `DATABASE_URL: postgres://app:${DB_PASSWORD}@db`.
    if (!wish?.file && !marksIn(environment[name] ?? "").includes(name)) environment[name] = secretMark(name);
  }
  const own = wishes.flatMap(([secret, wish]) => (wish?.file ? [plainFile(secret, wish.file)] : []));
  const secretFiles = [...composeFiles(service.name, giving), ...own].toSorted((a, b) => (a.file < b.file ? -1 : 1));
  refuseClashes(service, secretFiles);
  const asked = giving.manifest.secrets ?? {};
  const named = Object.values(environment).flatMap(marksIn);
  const names = [...named.filter((name) => Object.hasOwn(asked, name)), ...secretFiles.map(({ secret }) => secret)];
  return { ...service, environment, secretFiles, secrets: [...new Set(names)].toSorted() };
}

/** Readable by all in the container, as Compose's are: images change their user on the way, as Postgres does. */
function plainFile(secret: string, path: string): SecretFile {
  return { secret, file: path.slice(path.lastIndexOf("/") + 1), uid: 0, gid: 0, mode: 0o444 };
}

function composeFiles(service: string, { compose, model }: Giving): SecretFile[] {
  return (compose.services[service]?.secrets ?? []).map(({ source, target, uid, gid, mode }) => {
    const secret = declaredName(source, model);
    const plain = plainFile(secret, target ?? source);
    return { ...plain, uid: Number(uid ?? 0), gid: Number(gid ?? 0), mode: mode ?? plain.mode };
  });
}

/** The operator's name; that it is declared, and as one of theirs, was judged before. */
function declaredName(source: string, model: YamlMap): string {
  return secretNameOf(source, child(child(model, "secrets"), source)) ?? source;
}

function refuseMissing(asked: readonly string[], { offer, manifest, model }: Giving): void {
  if (offer === null) return;
  const missing = asked.filter((name) => !offer.names.includes(name)).toSorted();
  const [first] = missing;
  if (first === undefined) return;
  const isManifest = Object.hasOwn(manifest.secrets ?? {}, first);
  const lines = missing.map((name) => `${name}: { file: PATH }`).join(", ");
  throw new InputError("secret-missing", `missing: ${missing.join(", ")}`, {
    place: isManifest ? keyPlaceOf(manifest.node, ["secrets", first]) : keyPlaceOf(model, ["secrets"]),
    hint: `The operator sets them in ${offer.serverFile}: repositories: { ${offer.repository}: { secrets: { ${lines} } } }. Then /redeploy.`,
  });
}

function refuseUnknownServices({ services }: StackSpec, manifest: Manifest): void {
  for (const [name, wish] of Object.entries(manifest.secrets ?? {})) {
    const unknown = wish?.services?.find((wanted) => !services.some((each) => each.name === wanted));
    if (unknown === undefined) continue;
    throw new InputError("invalid-value", `secrets.${name}.services: there is no service ${unknown}`, {
      place: keyPlaceOf(manifest.node, ["secrets", name, "services"]),
      hint: `There are: ${services.map((each) => each.name).join(", ")}.`,
    });
  }
}

function refuseClashes({ name, mounts }: ServiceSpec, files: readonly SecretFile[]): void {
  if (files.length === 0) return;
  const places = new Set(["/run/secrets", ...files.map(({ file }) => `/run/secrets/${file}`)]);
  const taken = mounts.find(({ target }) => places.has(target.replace(/\/+$/, "")));
  if (taken) {
    throw new InputError(
      "invalid-value",
      `services.${name} mounts something at ${taken.target}, where its secrets are`,
    );
  }
  const twice = files.find(({ file }, index) => files.findIndex((each) => each.file === file) < index);
  if (twice) throw new InputError("invalid-value", `services.${name} gets two secrets as /run/secrets/${twice.file}`);
}
