import { posix } from "node:path";
import { child, placeOf, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import { givenPath } from "../../domain/files.ts";
import { specHash } from "../../domain/spec-hash.ts";
import type { FileSpec } from "../../domain/stack.ts";
import type { ComposeModel, Grant, Mount } from "../compose-model.ts";
import { followLinks, type SourceReader } from "../repository-path.ts";
import { isRepositorySecret } from "./repository-secret.ts";

/** What the values of configs and secrets are found by. */
export type Giver = {
  model: YamlMap;
  reader: SourceReader;
  /** The value of a variable that `environment:` of a config names. */
  lookup(name: string): string | undefined;
};

/** Compose's own for what is no file with a mode of its own (Compose specification, configs). */
const plain = { uid: 0, gid: 0, mode: 0o444 };

/**
 * A model whose services mount their configs, and the secrets that are files of the repository, from the files volume;
 * their other secrets are left to be given. Both have passed the policy.
 */
export function giveFiles(compose: ComposeModel, giver: Giver): { compose: ComposeModel; files: FileSpec[] } {
  const files = new Map<string, FileSpec>();
  const mountOf = (grant: Grant, kind: "configs" | "secrets", service: string): Mount => {
    const place = placeOf(giver.model, ["services", service, kind]);
    const file = fileOf(grant, { kind, place }, giver);
    files.set(file.path, file);
    const target = posix.resolve(kind === "secrets" ? "/run/secrets" : "/", grant.target ?? grant.source);
    return { type: "files", source: file.path, target, read_only: true };
  };
  const services = Object.entries(compose.services).map(([name, service]) => {
    const { configs = [], secrets = [], volumes = [] } = service;
    const own = secrets.filter(({ source }) => isRepositorySecret(source, giver));
    const given = [
      ...configs.map((grant) => mountOf(grant, "configs", name)),
      ...own.map((grant) => mountOf(grant, "secrets", name)),
    ];
    if (given.length === 0) return [name, service] as const;
    const left = secrets.filter((grant) => !own.includes(grant));
    return [name, { ...service, secrets: left, volumes: [...volumes, ...given] }] as const;
  });
  return { compose: { ...compose, services: Object.fromEntries(services) }, files: [...files.values()] };
}

function fileOf(
  { source, uid, gid, mode }: Grant,
  { kind, place }: { kind: "configs" | "secrets"; place: FileSpec["place"] },
  giver: Giver,
): FileSpec {
  const from = sourceOf(child(child(giver.model, kind), source), giver);
  const own = from.kind === "repository" ? { ...plain, mode: null } : plain;
  const ownership = { uid: Number(uid ?? own.uid), gid: Number(gid ?? own.gid), mode: mode ?? own.mode };
  const path = givenPath(`${specHash({ from, ownership }).slice(0, 16)}-${source}`);
  return { path, from, ...ownership, place };
}

function sourceOf(declaration: YamlNode | undefined, { reader, lookup }: Giver): FileSpec["from"] {
  const file = textOf(declaration, "file");
  if (file !== undefined) return { kind: "repository", path: followLinks(reader, file) ?? file };
  const variable = textOf(declaration, "environment");
  const text = variable === undefined ? textOf(declaration, "content") : lookup(variable);
  return { kind: "text", text: text ?? "" };
}

function textOf(node: YamlNode | undefined, key: string): string | undefined {
  const found = child(node, key);
  return found?.kind === "scalar" && found.value !== null ? String(found.value) : undefined;
}
